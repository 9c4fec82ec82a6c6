import os
from pathlib import Path

import pytest

from rl_pipeline.doctor import machine

GIB = 2**30


def test_more_threads_than_cores_are_found() -> None:
    finding = machine.processor(2, {"OMP_NUM_THREADS": "16"})
    assert finding.level == "warning"
    assert "OMP_NUM_THREADS=16" in finding.text
    assert "at most 2" in finding.remedy


@pytest.mark.parametrize("value", ["2", "1", "", "2,1"])
def test_as_many_threads_as_cores_are_well(value: str) -> None:
    assert machine.processor(2, {"OMP_NUM_THREADS": value}).level == "ok"


@pytest.mark.parametrize(
    ("free", "level"), [(GIB // 2, "error"), (GIB, "warning"), (10 * GIB - 1, "warning"), (10 * GIB, "ok")]
)
def test_disk(free: int, level: str) -> None:
    finding = machine.disk(free)
    assert finding.level == level
    assert bool(finding.remedy) == (level != "ok")


@pytest.mark.parametrize(("size", "level"), [(64 * 2**20, "warning"), (2 * GIB, "ok")])
def test_shared_memory(size: int, level: str) -> None:
    finding = machine.shared_memory(size)
    assert finding.level == level
    assert ("shm_size" in finding.remedy) == (level == "warning")


def test_the_disk_of_the_working_directory_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    findings = {finding.subject: finding for finding in machine.check()}
    assert str(tmp_path) in findings["disk"].text
    assert findings["processor"].text.startswith(str(len(os.sched_getaffinity(0))))
