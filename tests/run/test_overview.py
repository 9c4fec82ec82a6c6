from pathlib import Path

from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import update_metadata
from rl_pipeline.run.overview import status_of


def test_a_run_that_no_process_holds_any_more_was_killed(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert status_of(run) == "unknown"
    update_metadata(run, status="running")
    with run.locked():
        assert status_of(run) == "running"
    assert status_of(run) == "killed"
    update_metadata(run, status="finished")
    assert status_of(run) == "finished"
