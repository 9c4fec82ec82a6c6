"""Lets gymnasium-robotics 1.4.2 run with MuJoCo from 3.12 on.

Since MuJoCo 3.12, `np.int32(3) == mujoco.mjtJoint.mjJNT_HINGE` is false. Version 1.4.2 compares so in
`utils/mujoco_utils.py`: there, no joint is a hinge and no equality constraint is a weld. Later versions convert the
constants to integers. Remove this file when the project requires one of them.
"""

import sys
from importlib.metadata import version
from types import SimpleNamespace

BROKEN_VERSION = "1.4.2"
ENUMS = ("mjtEq", "mjtJoint")


def use_integer_constants() -> None:
    """Give the module of gymnasium-robotics integers for MuJoCo's enums, if they are needed.

    Without effect where gymnasium-robotics is not imported or another version than 1.4.2.
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
