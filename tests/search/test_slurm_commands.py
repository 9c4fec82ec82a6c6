"""How jobs are judged that left no result."""

import pytest

from rl_pipeline.search.launcher import JobState
from rl_pipeline.search.slurm_commands import end_of


@pytest.mark.parametrize(
    ("slurm", "exit_code", "expected"),
    [
        ("COMPLETED", "0:0", "finished"),
        ("FAILED", "1:0", "failed"),
        ("FAILED", "75:0", "stopped"),
        ("FAILED", "137:0", "stopped"),
        ("FAILED", "0:9", "stopped"),
        ("OUT_OF_MEMORY", "0:125", "stopped"),
        ("CANCELLED", "0:15", "stopped"),
        ("TIMEOUT", "0:0", "stopped"),
        ("NODE_FAIL", "0:0", "stopped"),
        ("PREEMPTED", "0:0", "stopped"),
    ],
)
def test_only_what_a_job_did_itself_is_a_failure(slurm: str, exit_code: str, expected: JobState) -> None:
    assert end_of({"JobState": slurm, "ExitCode": exit_code}) == expected


def test_a_job_that_slurm_has_forgotten_was_ended_from_outside() -> None:
    assert end_of({}) == "stopped"
