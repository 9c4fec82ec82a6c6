import pytest

from rl_pipeline.doctor import graphics


def test_a_frame_is_drawn() -> None:
    finding = graphics.drawing()
    assert finding.level == "ok"
    assert "a frame was drawn with" in finding.text


def test_a_backend_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "vulkan")
    finding = graphics.drawing()
    assert finding.level == "error"
    assert "egl" in finding.text


def test_a_library_that_is_missing_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "egl")
    monkeypatch.setenv("PYOPENGL_PLATFORM", "no_such_platform")
    finding = graphics.drawing()
    assert finding.level == "warning"
    assert "libegl1" in finding.remedy
