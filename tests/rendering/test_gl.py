"""Choices that need a renderer run in a process of their own: it can be set up once per process only."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend

CHOOSE = """
import os, sys
from rl_pipeline.rendering.gl import choose_gl_backend
backend = choose_gl_backend()
assert "mujoco" not in sys.modules
assert choose_gl_backend() == backend == os.environ["MUJOCO_GL"]
print(backend, os.environ.get("PYOPENGL_PLATFORM"))
"""
RENDER = """
import numpy, mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 64, 64) as renderer:
    renderer.update_scene(data)
    print(numpy.unique(renderer.render()).size)
"""
SILENT = ("MUJOCO_GL", "PYOPENGL_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")


def _run(code: str, cache: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in SILENT}
    environment |= {"XDG_CACHE_HOME": str(cache), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def _without_libraries(folder: Path) -> str:
    """Return a library path on which the GL libraries are no libraries, as if they were not installed."""
    for name in ("EGL", "GL", "OpenGL", "OSMesa"):
        for suffix in ("", *(f".{version}" for version in range(10))):
            (folder / f"lib{name}.so{suffix}").write_bytes(b"")
    return str(folder)


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    cache = tmp_path_factory.mktemp("cache")
    process = _run(CHOOSE, cache)
    if process.returncode and "apt-get install" in process.stderr:
        pytest.skip("this machine has neither EGL nor OSMesa")
    assert process.returncode == 0, process.stderr
    return process.stdout.split()[0], cache


def test_headless_choice_renders(chosen: tuple[str, Path], tmp_path: Path) -> None:
    backend, _ = chosen
    assert backend in ("egl", "osmesa")
    process = _run(CHOOSE + RENDER, tmp_path)
    assert process.returncode == 0, process.stderr
    first, n_shades = process.stdout.splitlines()
    assert first == f"{backend} {backend}"
    assert int(n_shades) > 10


def test_choice_is_remembered(chosen: tuple[str, Path], tmp_path: Path) -> None:
    """With its libraries gone, only a remembered choice can be made again."""
    backend, cache = chosen
    [memory] = (cache / "rl-pipeline").iterdir()
    assert json.loads(memory.read_text())["backend"] == backend
    no_probe = CHOOSE.replace("backend =", "import subprocess; subprocess.run = None\nbackend =", 1)
    assert _run(no_probe, cache).stdout.split()[0] == backend
    assert _run(no_probe, tmp_path).returncode != 0


def test_other_circumstances_are_tried_anew(chosen: tuple[str, Path], tmp_path: Path) -> None:
    _, cache = chosen
    process = _run(CHOOSE, cache, LD_LIBRARY_PATH=_without_libraries(tmp_path))
    assert process.returncode != 0


@pytest.mark.parametrize("content", ["", '{"fingerprint": 1, "backend": "glfw"}'])
def test_damaged_memory_is_ignored(chosen: tuple[str, Path], tmp_path: Path, content: str) -> None:
    backend, cache = chosen
    [memory] = (cache / "rl-pipeline").iterdir()
    (tmp_path / "rl-pipeline").mkdir()
    (tmp_path / "rl-pipeline" / memory.name).write_text(content)
    process = _run(CHOOSE, tmp_path)
    assert process.stdout.split()[0] == backend, process.stderr


def test_unwritable_cache_is_no_obstacle(chosen: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    process = _run(CHOOSE, tmp_path / "cache")
    assert process.stdout.split()[0] == chosen[0], process.stderr


def test_without_libraries_the_remedy_is_named(tmp_path: Path) -> None:
    process = _run(CHOOSE, tmp_path, LD_LIBRARY_PATH=_without_libraries(tmp_path))
    assert process.returncode != 0
    for text in (
        "RenderingUnavailable",
        "apt-get install libegl1 libgl1",
        "apt-get install libosmesa6",
        "osmesa: ",
    ):
        assert text in process.stderr


def test_dead_display_is_passed_over(chosen: tuple[str, Path], tmp_path: Path) -> None:
    process = _run(CHOOSE, tmp_path, DISPLAY=":987")
    assert process.stdout.split()[0] == chosen[0], process.stderr


@pytest.mark.parametrize(("backend", "platform"), [("osmesa", "osmesa"), ("egl", "egl"), ("glfw", "")])
def test_own_choice_is_kept(monkeypatch: pytest.MonkeyPatch, backend: str, platform: str) -> None:
    monkeypatch.setenv("MUJOCO_GL", backend)
    monkeypatch.setenv("PYOPENGL_PLATFORM", "")
    assert choose_gl_backend() == backend
    assert os.environ["MUJOCO_GL"] == backend
    assert os.environ["PYOPENGL_PLATFORM"] == platform


@pytest.mark.parametrize("value", ["vulkan", "disable"])
def test_own_choice_that_is_no_backend_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MUJOCO_GL", value)
    with pytest.raises(RenderingUnavailable, match=f"'{value}'; set it to one of glfw, egl, osmesa"):
        choose_gl_backend()
