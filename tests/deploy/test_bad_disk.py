"""A disk that hangs or is full costs cycles, and never holds up the control loop."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_pipeline.deploy.recording import Recorder
from rl_pipeline.deploy.recording_reader import find_parts
from tests.small_disk import mounted

from .recorded import DOCUMENT, PATIENCE, SHA256, assert_equal, cycle, cycles, wait_for


class Stuck:
    """A file whose writes hang until they are let go."""

    def __init__(self) -> None:
        self.go_on, self.began = threading.Event(), threading.Event()

    def write(self, data: bytes) -> int:
        self.began.set()
        assert self.go_on.wait(PATIENCE)
        return len(data)


def test_a_disk_that_hangs_costs_cycles_and_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24, queue=10)
    stuck = Stuck()
    assert recorder._part is not None
    monkeypatch.setattr(recorder._part._file, "write", stuck.write)
    recorder.event(0, "error", "this hangs")
    assert stuck.began.wait(PATIENCE)
    returned = threading.Event()

    def control_loop() -> None:
        for number in range(100):
            recorder.write(cycle(number))
        returned.set()

    threading.Thread(target=control_loop, daemon=True).start()
    assert returned.wait(PATIENCE)  # while the disk still hangs
    assert not stuck.go_on.is_set()
    assert recorder.dropped == 90
    monkeypatch.setattr("rl_pipeline.deploy.recording.CLOSE_SECONDS", 0.05)
    recorder.close()
    assert "did not accept the end" in str(recorder.failure)
    stuck.go_on.set()


def test_cycles_that_wait_take_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_pipeline.deploy.recording.MAX_WAITING_BYTES", 100_000)
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    stuck = Stuck()
    assert recorder._part is not None
    with monkeypatch.context() as patch:
        patch.setattr(recorder._part._file, "write", stuck.write)
        recorder.event(0, "error", "this hangs")
        assert stuck.began.wait(PATIENCE)
        for number in range(30):
            recorder.write(cycle(number, 2500))  # 10 kB
        assert recorder.dropped == 21
        stuck.go_on.set()
        wait_for(lambda: recorder._taken == recorder._written)
    recorder.write(cycle(30, 2500))
    assert recorder.dropped == 21
    recorder.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    with mounted(tmp_path / "disk", "600k") as folder:
        yield folder


def test_a_full_disk_loses_the_oldest_parts_and_keeps_the_newest(small_disk: Path) -> None:
    recorder = Recorder(small_disk / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**20)
    for number in range(300):
        recorder.write(cycle(number, 2000))
        recorder.event(number, "error", "written now")
        wait_for(lambda: recorder._calls._waiting.empty())
    recorder.close()
    assert recorder.dropped > 0
    numbers = [
        int(one.action[0])
        for path in find_parts(small_disk / "robot.mcap")
        for one in cycles(path)
        if one.action is not None
    ]
    assert numbers[0] > 0
    assert numbers[-1] == 299


def test_a_disk_that_something_else_filled_is_named_and_tried_again(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_pipeline.deploy.recording.RETRY_SECONDS", 0.0)
    recorder = Recorder(small_disk / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**20)
    (small_disk / "other").write_bytes(bytes(590_000))
    for number in range(20):
        recorder.write(cycle(number, 20_000))
    recorder.event(0, "error", "written now")
    wait_for(lambda: recorder.failure is not None)
    assert recorder.failure == f"{small_disk}: No space left on device"
    wait_for(lambda: recorder._calls._waiting.empty())
    (small_disk / "other").unlink()
    recorder.write(cycle(20))
    recorder.event(0, "error", "written now")
    recorder.close()
    assert recorder.failure is None
    assert_equal(cycles(find_parts(small_disk / "robot.mcap")[-1])[-1], cycle(20))
