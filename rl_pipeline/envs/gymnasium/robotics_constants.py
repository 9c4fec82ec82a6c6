"""Fix for gymnasium-robotics 1.4.2 with MuJoCo 3.12 or later.

Since MuJoCo 3.12, `np.int32(3) == mujoco.mjtJoint.mjJNT_HINGE` is false. Version 1.4.2 makes such comparisons in
`utils/mujoco_utils.py`, so it finds no hinge joints and no welds. Later versions convert the constants to integers.
Remove this file when the project requires one of them.
"""

import sys
from importlib.metadata import version
from types import SimpleNamespace

BROKEN_VERSION = "1.4.2"
ENUMS = ("mjtEq", "mjtJoint")


def use_integer_constants() -> None:
    """Replace MuJoCo's enums by integers in the module of gymnasium-robotics, if necessary.

    It has no effect if gymnasium-robotics is not imported or its version is not 1.4.2.
    """
    if "gymnasium_robotics" not in sys.modules or version("gymnasium-robotics") != BROKEN_VERSION:
        return
    import mujoco
    from gymnasium_robotics.utils import mujoco_utils

    integers = {
        enum: SimpleNamespace(
            **{name: member.value for name, member in getattr(mujoco, enum).__members__.items()}
        )
        for enum in ENUMS
    }
    mujoco_utils.mujoco = SimpleNamespace(**(vars(mujoco) | integers))
