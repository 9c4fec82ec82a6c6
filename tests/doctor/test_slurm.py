"""What `doctor` says about Slurm; tests/search/test_slurm.py asks a real controller."""

from pathlib import Path

import pytest

from rl_pipeline.doctor.slurm import check
from rl_pipeline.search.slurm_commands import COMMANDS


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_machine_without_slurm_is_fine(programs: Path) -> None:
    [finding] = check()
    assert (finding.level, finding.remedy) == ("ok", "")


def test_an_incomplete_installation_is_named(programs: Path) -> None:
    add(programs, "sbatch", "exit 0")
    [finding] = check()
    assert finding.level == "warning"
    assert finding.text == "srun, squeue, scontrol, scancel cannot be found in PATH"


def test_a_controller_that_does_not_answer_is_reported_with_slurms_words(programs: Path) -> None:
    for name in COMMANDS:
        add(programs, name, "exit 0")
    add(programs, "squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    [finding] = check()
    assert finding.level == "warning"
    assert "Unable to contact slurm controller" in finding.text
    assert "SLURM_CONF" in finding.remedy
