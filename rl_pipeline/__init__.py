"""Train robot policies in simulation from checked YAML files and run them on robots."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rl_pipeline.api import Run, load_run, make_vector_env, train

__version__ = "0.1.0"
__all__ = ["Run", "load_run", "make_vector_env", "train"]


def __getattr__(name: str) -> object:
    """Import the Python interface on first use, since it needs the training stack."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rl_pipeline import api

    return getattr(api, name)
