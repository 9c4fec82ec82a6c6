"""Models for motions: those of the package, and files of the user."""

from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.motions import refuse

if TYPE_CHECKING:
    import mujoco

MODELS = Path(__file__).parents[1] / "envs" / "mujoco" / "robots"
"""Folder of the package's models."""


def load_spec(name: str | Path) -> "mujoco.MjSpec":
    """Read a model that can be edited before it is compiled.

    Args:
        name: An MJCF or URDF file, or the name of a model of the package, such as `planar_walker`.

    Raises:
        MotionError: The model does not exist, or MuJoCo cannot read it.
    """
    import mujoco

    path = Path(name).expanduser()
    if not path.is_file():
        path = MODELS / f"{name}.xml"
    if not path.is_file():
        names = sorted(model.stem for model in MODELS.glob("*.xml"))
        message = "the file does not exist, and the package has no model of this name"
        raise refuse("model", message, str(name), valid=names, nearest=nearest(str(name), names))
    try:
        return mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise refuse(str(path), f"cannot be read: {error}") from error


def load_model(name: str | Path, *, free_root: bool = False) -> "mujoco.MjModel":
    """Compile a model.

    Args:
        name: See `load_spec`.
        free_root: Give the first body below the world a free joint, if it has no joint.

    Raises:
        MotionError: The model does not exist, or MuJoCo cannot compile it.
    """
    spec = load_spec(name)
    root = spec.worldbody.first_body()
    if free_root and root is not None and root.first_joint() is None:
        root.add_freejoint()
    try:
        return spec.compile()
    except ValueError as error:
        raise refuse(str(name), f"cannot be compiled: {error}") from error
