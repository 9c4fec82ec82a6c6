"""The whole state of a MuJoCo simulation as plain data."""

import sys
from typing import Any

import numpy as np

from rl_pipeline.envs.errors import CannotRestoreError

PHYSICAL_PREFIXES = ("body_", "jnt_", "dof_", "geom_", "site_", "tendon_", "actuator_", "eq_", "pair_") + (
    "qpos0",
    "qpos_spring",
)
"""Model arrays that domain randomisation changes; textures, meshes and materials are treated as constant."""


def is_mujoco_data(value: object) -> bool:
    """Return whether a value is a `mujoco.MjData`, without importing mujoco."""
    mujoco = sys.modules.get("mujoco")
    return mujoco is not None and isinstance(value, mujoco.MjData)


def capture_mujoco(data: Any) -> dict[str, object]:
    """Return the state of a simulation and the physical parameters of its model.

    After `mj_step` the derived arrays (`xpos`, `cvel`, `cfrc_ext`, ...) lag one step behind `qpos`, and some tasks
    read them before they step again. So all arrays of `mjData` outside of the arena are saved, not only the
    integration state. Contacts and constraint rows (in the arena) are recomputed on restoring.

    Args:
        data: a `mujoco.MjData`.
    """
    import mujoco

    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    state = np.empty(mujoco.mj_stateSize(data.model, kind))
    mujoco.mj_getState(data.model, data, state, kind)
    return {
        "version": mujoco.__version__,
        "state": state,
        "derived": _packed(_buffer_arrays(data)),
        "model": _packed(_physical_arrays(data.model)),
        "options": np.concatenate([np.ravel(value) for _, value in _float_options(data.model)]),
    }


def restore_mujoco(data: Any, saved: dict[str, Any]) -> None:
    """Restore a simulation from a state of `capture_mujoco`.

    Raises:
        CannotRestoreError: the state comes from another model, or from another version of MuJoCo.
    """
    import mujoco

    if saved["version"] != mujoco.__version__:
        raise CannotRestoreError(f"it was saved by MuJoCo {saved['version']}, this is {mujoco.__version__}")
    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    if len(saved["state"]) != mujoco.mj_stateSize(data.model, kind):
        raise CannotRestoreError("its MuJoCo model is different")
    _unpack(_physical_arrays(data.model), saved["model"])
    _restore_options(data.model, saved["options"])
    mujoco.mj_setState(data.model, data, saved["state"], kind)
    mujoco.mj_forward(data.model, data)
    _unpack(_buffer_arrays(data), saved["derived"])


def _arrays(struct: object) -> list[tuple[str, np.ndarray]]:
    named = ((name, getattr(struct, name)) for name in dir(struct) if not name.startswith("_"))
    return [(name, value) for name, value in named if isinstance(value, np.ndarray) and value.size]


def _buffer_arrays(data: Any) -> list[np.ndarray]:
    """Return the arrays in mjData's fixed buffer, which starts with `qpos` and does not include the arena."""
    if not data.nbuffer or not data.qpos.size:
        return []
    start = data.qpos.ctypes.data
    arrays = [array for name, array in _arrays(data) if name != "plugin_data"]
    return [array for array in arrays if 0 <= array.ctypes.data - start < data.nbuffer]


def _physical_arrays(model: object) -> list[np.ndarray]:
    return [
        array
        for name, array in _arrays(model)
        if name.startswith(PHYSICAL_PREFIXES) and array.dtype.kind == "f"
    ]


def _packed(arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Join the arrays of each dtype into one, since files with thousands of small arrays are slow."""
    dtypes = sorted({array.dtype.str for array in arrays})
    return {dtype: np.concatenate([a.ravel() for a in arrays if a.dtype.str == dtype]) for dtype in dtypes}


def _unpack(arrays: list[np.ndarray], packed: dict[str, np.ndarray]) -> None:
    """Write the values of `_packed` back into the arrays."""
    sizes: dict[str, int] = {}
    for array in arrays:
        sizes[array.dtype.str] = sizes.get(array.dtype.str, 0) + array.size
    if sizes != {dtype: values.size for dtype, values in packed.items()}:
        raise CannotRestoreError("its MuJoCo model is different")
    offsets = dict.fromkeys(packed, 0)
    for array in arrays:
        dtype = array.dtype.str
        values = packed[dtype][offsets[dtype] : offsets[dtype] + array.size].reshape(array.shape)
        if not np.array_equal(array, values, equal_nan=dtype[1] == "f"):
            array[...] = values
        offsets[dtype] += array.size


def _float_options(model: Any) -> list[tuple[str, Any]]:
    named = ((name, getattr(model.opt, name)) for name in dir(model.opt) if not name.startswith("_"))
    return [(name, value) for name, value in named if isinstance(value, float | np.ndarray)]


def _restore_options(model: Any, saved: np.ndarray) -> None:
    offset = 0
    for name, value in _float_options(model):
        size = np.size(value)
        setattr(model.opt, name, saved[offset] if np.ndim(value) == 0 else saved[offset : offset + size])
        offset += size
