import warnings
from collections.abc import Mapping
from pathlib import Path

import pytest

from rl_pipeline.tracking.tracker import Tracker
from rl_pipeline.tracking.writer import Writer


class Recorder(Writer):
    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        self.calls.append(("write", timestep, dict(values)))

    def film(self, name: str, path: Path, timestep: int) -> None:
        self.calls.append(("film", name, path, timestep))

    def artifact(self, name: str, path: Path, timestep: int, kind: str) -> None:
        self.calls.append(("artifact", name, path, timestep, kind))

    def rewind(self, timestep: int) -> None:
        self.calls.append(("rewind", timestep))

    def flush(self) -> None:
        self.calls.append(("flush",))

    def close(self, status: str) -> None:
        self.calls.append(("close", status))


class Failing(Writer):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        raise self.error

    def close(self, status: str) -> None:
        raise self.error


def test_every_writer_gets_every_record(tmp_path: Path) -> None:
    first, second = Recorder(), Recorder()
    tracker = Tracker([first, second])
    tracker.rewind(5)
    tracker.write(10, {"a": 1.0})
    tracker.film("video/train", tmp_path, 10)
    tracker.artifact("best", tmp_path, 10, "model")
    tracker.flush()
    tracker.close("finished")
    assert first.calls == second.calls
    assert first.calls == [
        ("rewind", 5),
        ("write", 10, {"a": 1.0}),
        ("film", "video/train", tmp_path, 10),
        ("artifact", "best", tmp_path, 10, "model"),
        ("flush",),
        ("close", "finished"),
    ]


def test_a_full_disk_is_warned_about_once_and_stops_nothing() -> None:
    recorder = Recorder()
    tracker = Tracker([Failing(OSError(28, "No space left on device")), recorder])
    with pytest.warns(RuntimeWarning, match="Failing could not record.*No space left on device"):
        tracker.write(1, {"a": 1.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tracker.write(2, {"a": 2.0})
        tracker.close("finished")
    assert recorder.calls == [("write", 1, {"a": 1.0}), ("write", 2, {"a": 2.0}), ("close", "finished")]


def test_every_failing_writer_is_warned_about() -> None:
    tracker = Tracker([Failing(OSError("first")), Failing(OSError("second"))])
    with pytest.warns(RuntimeWarning) as warned:
        tracker.write(1, {"a": 1.0})
    assert [str(warning.message).split(": ")[1].split(".")[0] for warning in warned] == ["first", "second"]


def test_a_bug_in_a_writer_passes() -> None:
    with pytest.raises(KeyError):
        Tracker([Failing(KeyError("a"))]).write(1, {"a": 1.0})
