from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest

from rl_pipeline.rendering.film import FilmError, FilmWriter, Frame, caption


def _frame(brightness: int, height: int = 48, width: int = 64) -> Frame:
    return np.full((height, width, 3), brightness, dtype=np.uint8)


def _write(path: Path, n_frames: int, fps: float = 30, height: int = 48, width: int = 64) -> Path:
    with FilmWriter(path, fps) as film:
        for i in range(n_frames):
            film.write(_frame(2 * i, height, width))
    return path


def _write_two_sizes(film: FilmWriter) -> None:
    film.write(_frame(0, 48))
    film.write(_frame(0, 50))


def _ffmpeg_children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


@pytest.mark.parametrize("fps", [20, 30, 50, 125, 1 / 0.015])
@pytest.mark.parametrize("n_frames", [1, 2, 101])
def test_one_film_frame_per_frame(tmp_path: Path, fps: float, n_frames: int) -> None:
    path = _write(tmp_path / "film.mp4", n_frames, fps)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(path)
    assert count == n_frames
    assert seconds == pytest.approx(n_frames / fps, abs=0.03)


def test_frames_keep_their_order_and_colour(tmp_path: Path) -> None:
    frames = imageio_ffmpeg.read_frames(str(_write(tmp_path / "film.mp4", 60)))
    description = next(frames)
    assert description["codec"] == "h264"
    assert description["pix_fmt"].startswith("yuv420p")
    shown = [np.frombuffer(frame, np.uint8).mean() for frame in frames]
    np.testing.assert_allclose(shown, np.arange(60) * 2, atol=3)


@pytest.mark.parametrize(
    ("height", "width", "size"), [(49, 65, (64, 48)), (48, 65, (64, 48)), (3, 2, (2, 2))]
)
def test_odd_sizes_are_cut_to_even_ones(
    tmp_path: Path, height: int, width: int, size: tuple[int, int]
) -> None:
    description = next(imageio_ffmpeg.read_frames(str(_write(tmp_path / "film.mp4", 3, 30, height, width))))
    assert description["source_size"] == size


def test_film_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "videos" / "film.mp4", 30)
    film.write(_frame(0))
    assert not film.path.exists()
    assert film.close() == film.path
    assert [path.name for path in film.path.parent.iterdir()] == ["film.mp4"]
    assert _ffmpeg_children() == []


def test_aborted_film_leaves_nothing_and_keeps_the_older_one(tmp_path: Path) -> None:
    _write(tmp_path / "film.mp4", 5)
    film = FilmWriter(tmp_path / "film.mp4", 30)
    with pytest.raises(ValueError, match="shape"), film:
        _write_two_sizes(film)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert imageio_ffmpeg.count_frames_and_secs(tmp_path / "film.mp4")[0] == 5
    assert _ffmpeg_children() == []


def test_killed_ffmpeg_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "film.mp4", 30)
    film.write(_frame(0))
    [ffmpeg] = _ffmpeg_children()
    ffmpeg.kill()
    ffmpeg.wait()
    with pytest.raises(FilmError, match="is the disk full"):
        film.close()
    assert list(tmp_path.iterdir()) == []


def test_ffmpeg_killed_between_frames_is_an_error(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "film.mp4", 30)
    film.write(_frame(0))
    [ffmpeg] = _ffmpeg_children()
    ffmpeg.kill()
    ffmpeg.wait()
    with pytest.raises(FilmError, match="ffmpeg stopped"):
        film.write(_frame(0, 480, 640)[:48, :64])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "film.mp4.part").symlink_to("/dev/full")
    with pytest.raises(FilmError, match="is the disk full"):
        _write(tmp_path / "film.mp4", 50)
    assert list(tmp_path.iterdir()) == []


def test_wrong_frames_are_refused(tmp_path: Path) -> None:
    with FilmWriter(tmp_path / "film.mp4", 30) as film:
        film.write(_frame(0))
        with pytest.raises(ValueError, match=r"shape \(40, 64, 3\), but the first one had \(48, 64, 3\)"):
            film.write(_frame(0, 40))
        with pytest.raises(ValueError, match="got float64 of shape"):
            film.write(np.zeros((48, 64, 3)))  # type: ignore[arg-type]
    assert imageio_ffmpeg.count_frames_and_secs(tmp_path / "film.mp4")[0] == 1


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.mp4, got '\.avi'"):
        FilmWriter(tmp_path / "film.avi", 30)
    with pytest.raises(ValueError, match="fps must be positive"):
        FilmWriter(tmp_path / "film.mp4", 0)
    with pytest.raises(FilmError, match="no frame was written"):
        FilmWriter(tmp_path / "film.mp4", 30).close()


def test_caption_changes_the_lower_edge_of_a_copy() -> None:
    frame = _frame(100, 240, 320)
    captioned = caption(frame, "timestep 5000, return 12.3")
    assert (frame == 100).all()
    assert captioned.shape == frame.shape
    assert captioned.dtype == np.uint8
    assert (captioned[:200] == 100).all()
    assert captioned[225:].max() > 200
