"""Ending a build that has a process of its own, which does not listen."""

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from rl_pipeline.envs import unity_process
from rl_pipeline.envs.unity_process import UnityProcess

BUILD = """#!/bin/bash
(trap '' TERM; echo ready; while :; do sleep 0.1; done) &
wait
"""
DEADLINE = 20.0


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UnityProcess:
    monkeypatch.setattr(unity_process, "END_S", 0.5)
    executable = tmp_path / "build"
    executable.write_text(BUILD)
    executable.chmod(0o755)
    process = UnityProcess(executable, [], tmp_path / "log")
    end = time.monotonic() + DEADLINE
    while "ready" not in process.log.read_text() and time.monotonic() < end:
        time.sleep(0.01)
    return process


def ends(process: psutil.Process) -> bool:
    """Wait for the end of a process that nobody may have taken note of yet."""
    end = time.monotonic() + DEADLINE
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
    return True


@pytest.mark.parametrize("has_groups", [True, False], ids=["posix", "windows"])
def test_a_build_ends_with_what_it_started(
    build: UnityProcess, monkeypatch: pytest.MonkeyPatch, has_groups: bool
) -> None:
    if not has_groups:
        monkeypatch.delattr(os, "getpgid")
    [child] = psutil.Process(build.pid).children()
    build.close()
    assert not build.alive()
    assert ends(child)


def test_what_a_build_that_died_left_behind_is_ended(build: UnityProcess) -> None:
    [child] = psutil.Process(build.pid).children()
    psutil.Process(build.pid).kill()
    build._process.wait()
    build.close()
    assert ends(child)
