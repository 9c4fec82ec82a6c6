import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest

from rl_pipeline.wrappers.record_video import RecordVideo

ACTIONS = np.zeros((3, 2))


def _film_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _brightness(film: Path) -> list[float]:
    frames = imageio_ffmpeg.read_frames(str(film))
    next(frames)  # the first item describes the film
    return [float(np.frombuffer(frame, np.uint8).mean()) for frame in frames]


def test_films_begin_at_the_trigger_and_hold_every_step(make_env: Callable[..., Any], tmp_path: Path) -> None:
    films: list[tuple[str, int]] = []
    env = RecordVideo(
        make_env(lengths=(4, 100, 100)),
        tmp_path,
        trigger=10,
        length=6,
        on_film=lambda path, timestep: films.append((path.name, timestep)),
    )
    env.reset(seed=0)
    for _ in range(20):
        env.step(ACTIONS)
    assert _film_names(tmp_path) == ["step_000000000.mp4", "step_000000030.mp4"]
    assert films == [("step_000000000.mp4", 0), ("step_000000030.mp4", 30)]
    shown = _brightness(tmp_path / "step_000000000.mp4")
    np.testing.assert_allclose(shown, [0, 5, 10, 15, 0, 5, 10], atol=2)
    assert imageio_ffmpeg.count_frames_and_secs(tmp_path / "step_000000000.mp4")[1] == pytest.approx(
        7 / 25, abs=0.02
    )


def test_close_finishes_the_film(make_env: Callable[..., Any], tmp_path: Path) -> None:
    inner = make_env()
    env = RecordVideo(inner, tmp_path / "new folder", trigger=100, length=50)
    env.reset(seed=0)
    for _ in range(4):
        env.step(ACTIONS)
    env.close()
    assert inner.is_closed
    assert len(_brightness(tmp_path / "new folder" / "step_000000000.mp4")) == 5
    assert len(_film_names(tmp_path / "new folder")) == 1


def test_continued_run_continues_the_numbering(make_env: Callable[..., Any], tmp_path: Path) -> None:
    env = RecordVideo(make_env(), tmp_path, trigger=10, length=2, n_timesteps_offset=3 * 25)
    env.reset(seed=0)
    for _ in range(8):
        env.step(ACTIONS)
    assert _film_names(tmp_path) == ["step_000000090.mp4"]
    restored = RecordVideo(make_env(), tmp_path, trigger=10, length=2, n_timesteps_offset=3 * 25)
    restored.load_state_dict(env.state_dict())
    restored.reset(seed=0)
    for _ in range(10):
        restored.step(ACTIONS)
    assert _film_names(tmp_path) == ["step_000000090.mp4", "step_000000120.mp4"]


@pytest.mark.parametrize("frames", [(None,), None, (np.zeros((4, 4), dtype=np.uint8),)])
def test_failing_renderer_warns_once_and_stops_nothing(
    frames: Any, make_env: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inner = make_env()
    inner.render = lambda: frames
    env = RecordVideo(inner, tmp_path, trigger=2, length=1)
    env.reset(seed=0)
    with caplog.at_level(logging.WARNING):
        for _ in range(6):
            env.step(ACTIONS)
    env.close()
    assert len(caplog.records) == 1
    assert "no film at timestep 0" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_renderer_that_recovers_is_filmed_again(make_env: Callable[..., Any], tmp_path: Path) -> None:
    inner = make_env()
    render = inner.render
    inner.render = lambda: render() if inner.steps[0] % 100 >= 4 else None
    env = RecordVideo(inner, tmp_path, trigger=4, length=2)
    inner.lengths[:] = 100
    env.reset(seed=0)
    for _ in range(8):
        env.step(ACTIONS)
    assert _film_names(tmp_path) == ["step_000000012.mp4"]


def test_unwritable_folder_stops_nothing(
    make_env: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "videos").write_text("a file where the folder should be")
    env = RecordVideo(make_env(), tmp_path / "videos", trigger=2, length=1)
    env.reset(seed=0)
    for _ in range(4):
        env.step(ACTIONS)
    assert len(caplog.records) == 1


def test_trigger_below_one_is_refused(make_env: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trigger must be at least 1, got 0"):
        RecordVideo(make_env(), tmp_path, trigger=0, length=1)
