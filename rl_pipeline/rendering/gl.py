"""Choice of the OpenGL backend with which MuJoCo renders, with or without a display."""

import hashlib
import json
import logging
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from rl_pipeline.atomic import atomic_write
from rl_pipeline.errors import UserError

logger = logging.getLogger(__name__)

BACKENDS = ("glfw", "egl", "osmesa")
PROBE_TIMEOUT = 120.0
PROBE = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 16, 16) as renderer:
    renderer.update_scene(data)
    picture = renderer.render()
raise SystemExit(0 if picture.any() else "the picture is black")
"""


class RenderingUnavailable(UserError, RuntimeError):  # noqa: N818 - says what is the case, not who is at fault
    """Raised when this machine cannot render; the message says what to install."""


def choose_gl_backend() -> str:
    """Choose how MuJoCo renders, and set `MUJOCO_GL` and `PYOPENGL_PLATFORM` accordingly.

    A choice already in `MUJOCO_GL` is kept. Otherwise GLFW (only with a display), EGL and OSMesa are tried in
    this order by rendering a small picture in a separate process, since a failed attempt cannot be undone
    within a process. The result is cached until the next boot or change of the machine's libraries, and child
    processes inherit it. Call it before anything imports mujoco.

    Returns:
        `glfw`, `egl` or `osmesa`.

    Raises:
        RenderingUnavailable: No backend works, or `MUJOCO_GL` is not a backend.
    """
    backend = _backend_asked_for()
    if backend is None:
        fingerprint = _fingerprint()
        backend = _remembered(fingerprint)
        if backend is None:
            backend = _first_working_backend()
            _remember(fingerprint, backend)
    os.environ.update(_environment(backend))
    return backend


def _environment(backend: str) -> dict[str, str]:
    variables = {"MUJOCO_GL": backend}
    if backend != "glfw":
        variables["PYOPENGL_PLATFORM"] = os.environ.get("PYOPENGL_PLATFORM") or backend
    return variables


def has_display() -> bool:
    """Return whether windows can be opened: always outside Linux, with X11 or Wayland on it."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def require_display() -> None:
    """Refuse a window without a display, since GLFW would end the whole process.

    Raises:
        RenderingUnavailable: No display is available.
    """
    if not has_display():
        raise RenderingUnavailable(
            "no display is available for a window (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "write a film instead: use --video FILM.mp4 instead of --render human"
        )


def try_backends() -> dict[str, str | None]:
    """Draw a small picture with each backend that could work here.

    Returns:
        The error of each backend, None if it works; only that of `MUJOCO_GL` if it is set.

    Raises:
        RenderingUnavailable: `MUJOCO_GL` is not a backend.
    """
    chosen = _backend_asked_for()
    return {backend: _probe(backend) for backend in ([chosen] if chosen else _candidates())}


def _candidates() -> tuple[str, ...]:
    return BACKENDS if has_display() else BACKENDS[1:]


def _backend_asked_for() -> str | None:
    backend = os.environ.get("MUJOCO_GL", "").lower().strip()
    if backend and backend not in BACKENDS:
        raise RenderingUnavailable(
            f"the environment variable MUJOCO_GL is '{backend}'; set it to one of {', '.join(BACKENDS)}, "
            "or unset it to choose one automatically"
        )
    return backend or None


def _first_working_backend() -> str:
    failures = []
    for backend in _candidates():
        failure = _probe(backend)
        if failure is None:
            return backend
        failures.append(f"  {backend}: {failure}")
    raise RenderingUnavailable(
        "MuJoCo cannot render on this machine. Install EGL with `apt-get install libegl1 libgl1`, "
        "or OSMesa with `apt-get install libosmesa6`. Attempts:\n" + "\n".join(failures)
    )


def _probe(backend: str) -> str | None:
    """Render a picture in a new process; return None on success, otherwise the last line of its output."""
    try:
        process = subprocess.run(
            [sys.executable, "-P", "-c", PROBE],
            env=os.environ | _environment(backend),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no picture within {PROBE_TIMEOUT:.0f} s"
    if process.returncode == 0:
        return None
    return (process.stderr.strip().splitlines() or [f"ended with status {process.returncode}"])[-1]


def _fingerprint() -> str:
    """Digest of everything that determines which backend works: boot, installed libraries, display and GPU."""
    boot_id = Path("/proc/sys/kernel/random/boot_id")
    loader_cache = Path("/etc/ld.so.cache")
    variables = ("DISPLAY", "WAYLAND_DISPLAY", "LD_LIBRARY_PATH", "PYOPENGL_PLATFORM", "MUJOCO_EGL_DEVICE_ID")
    facts = [
        boot_id.read_text() if boot_id.exists() else "",
        loader_cache.stat().st_mtime_ns if loader_cache.exists() else 0,
        version("mujoco"),
        sys.executable,
        *(os.environ.get(variable) for variable in variables),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _memory() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "rl-pipeline" / f"gl_backend_{platform.node()}.json"


def _remembered(fingerprint: str) -> str | None:
    try:
        memory = json.loads(_memory().read_text())
        backend = memory["backend"] if memory["fingerprint"] == fingerprint else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return backend if backend in BACKENDS else None


def _remember(fingerprint: str, backend: str) -> None:
    memory = _memory()
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(memory, mode="w") as file:
            json.dump({"fingerprint": fingerprint, "backend": backend}, file)
    except OSError as error:
        logger.info("the choice of %s for rendering could not be cached: %s", backend, error)
