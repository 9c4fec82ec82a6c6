import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import describe_run, read_metadata, update_metadata
from rl_pipeline.run.plan import plan_resume
from rl_pipeline.run.train import run_plan


def test_a_run_says_what_ran_where_and_how_it_stands(train: Callable[..., RunFolder]) -> None:
    metadata = read_metadata(train())
    assert metadata["status"] == "finished"
    assert metadata["timestep"] == metadata["total_timesteps"] == 80
    assert metadata["reason"] is None
    assert metadata["error"] is None
    assert metadata["versions"]["stable-baselines3"].startswith("2.")
    assert metadata["hardware"]["cpu_cores"] >= 1
    assert shlex.split(metadata["command"]) == sys.orig_argv


def test_the_error_of_an_earlier_part_is_forgotten(train: Callable[..., RunFolder]) -> None:
    run = train()
    update_metadata(run, status="failed", error="the disk was full")
    run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=100"]))
    assert read_metadata(run)["error"] is None


def test_changed_code_is_kept_with_the_run(tmp_path: Path) -> None:
    description = describe_run(RunFolder(tmp_path))
    assert (description["git_diff"] == "code.diff") == (tmp_path / "code.diff").exists()
    if description["git_commit"] is not None:
        assert len(description["git_commit"]) == 40


@pytest.mark.parametrize("content", ["", "{", "[1]", "\0"])
def test_a_damaged_description_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    assert read_metadata(RunFolder(tmp_path)) == {}
    update_metadata(RunFolder(tmp_path), status="running")
    assert json.loads((tmp_path / "run.json").read_text())["status"] == "running"
