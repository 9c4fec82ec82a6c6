"""The page about rollouts and distillation, run as it stands."""

import json
from pathlib import Path

import imageio_ffmpeg
import pytest

from rl_pipeline.run.folder import find_runs
from tests.documentation import DOCS, commands, rl_pipeline, run, write_files

PAGE = DOCS / "rollouts.md"


@pytest.mark.timeout(900)
def test_the_walk_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    for line in commands(PAGE):
        rl_pipeline(line)
    printed = run("python read_rollouts.py", tmp_path).stdout.splitlines()
    assert printed[0].startswith("40 episodes of expert_")
    assert printed[1].startswith("start (")
    assert printed[2].startswith("random after ")
    [student] = [one for one in find_runs(tmp_path / "experiments") if one.experiment_name == "student"]
    report = json.loads((student.path / "eval.json").read_text())
    assert report["mean_reward"] > 100  # from 7 before the training; more on most machines
    assert imageio_ffmpeg.count_frames_and_secs(tmp_path / "student.mp4")[0] > 10
    assert Path("student.onnx").exists()


def test_the_tree_names_what_a_file_holds() -> None:
    from rl_pipeline.datasets import rollout_file

    text, described = PAGE.read_text(), rollout_file.__doc__ or ""
    for name in ("prefix", "total_reward", "advantages", "experts", "spec"):
        assert name in text
        assert name in described
