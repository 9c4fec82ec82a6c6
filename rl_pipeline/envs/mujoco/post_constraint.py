"""Contact forces on bodies (`cfrc_ext`, `cfrc_int`, `cacc`) after every physics step of a batch.

`mj_step` fills these fields only when a sensor needs them, and then from the first stage of the integrator,
not from the last. Gymnasium therefore calls `mj_rnePostConstraint` itself after stepping. The thread pool of
mjbatch does not support such a call, but MuJoCo does: an engine plugin's `advance` callback runs at the end
of every integration, when the contacts and constraint forces of the last stage are still available. The
plugin registered here uses `mj_rnePostConstraint` itself as that callback, so neither Python nor a compiler is
needed while stepping. Source: MuJoCo programming guide, section "Engine plugins", and `mujoco/mjplugin.h`.
"""

import ctypes
from functools import cache
from pathlib import Path

import mujoco

PLUGIN_NAME = "rl_pipeline.post_constraint"

_CALLBACKS = "nstate nsensordata init destroy copy reset compute advance visualize actuator_act_dot"
_SDF_CALLBACKS = "sdf_distance sdf_gradient sdf_staticdistance sdf_attribute sdf_aabb"


class _PluginStruct(ctypes.Structure):
    """`mjpPlugin` of mjplugin.h; the reserve stays zero, in case a later version appends callbacks."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("nattribute", ctypes.c_int),
        ("attributes", ctypes.c_void_p),
        ("capabilityflags", ctypes.c_int),
        ("needstage", ctypes.c_int),
        *((callback, ctypes.c_void_p) for callback in f"{_CALLBACKS} {_SDF_CALLBACKS}".split()),
        ("reserve", ctypes.c_void_p * 8),
    )


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
def _stateless(_model: int, _instance: int) -> int:
    return 0


def compute_after_integration(spec: mujoco.MjSpec) -> None:
    """Add the result of `mj_rnePostConstraint` after every `mj_step` to models compiled from `spec`.

    After `mj_resetData` and `mj_forward` the fields are zero, as they are in Gymnasium's first observation.

    Args:
        spec: The model to be compiled; it gains one plugin instance without state.

    Raises:
        RuntimeError: MuJoCo refused the plugin.
    """
    _register()
    spec.activate_plugin(PLUGIN_NAME)
    spec.add_plugin(name="post_constraint", plugin_name=PLUGIN_NAME, active=True)


@cache
def _register() -> _PluginStruct:
    """Register the plugin once; the cache keeps what MuJoCo points to alive."""
    library = ctypes.CDLL(str(_library()))

    def address(function: str) -> int | None:
        return ctypes.cast(getattr(library, function), ctypes.c_void_p).value

    # These callbacks must exist; mj_version takes no argument, touches nothing and returns a positive number.
    harmless = address("mj_version")
    plugin = _PluginStruct(
        name=PLUGIN_NAME.encode(),
        nstate=ctypes.cast(_stateless, ctypes.c_void_p).value,
        init=harmless,
        reset=harmless,
        compute=harmless,
        advance=address("mj_rnePostConstraint"),
    )
    if library.mjp_registerPlugin(ctypes.byref(plugin)) < 0:
        raise RuntimeError(f"MuJoCo {mujoco.__version__} refused the engine plugin '{PLUGIN_NAME}'")
    return plugin


def _library() -> Path:
    """Return the library that the `mujoco` package has loaded; its name differs between operating systems."""
    folder = Path(mujoco.__file__).parent
    return next(path for pattern in ("libmujoco*", "mujoco.dll") for path in sorted(folder.glob(pattern)))
