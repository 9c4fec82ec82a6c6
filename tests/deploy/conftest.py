"""Small runs to export."""

from tests.run.conftest import make_config, train, without_pictures

__all__ = ["make_config", "train", "without_pictures"]
