import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.cli import main
from rl_pipeline.run.conclusion import shown
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan

from .conftest import MakeConfig, sample_env

pytestmark = pytest.mark.usefixtures("without_pictures")


def test_the_last_words_name_the_result_and_commands_that_work(
    make_config: MakeConfig,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    short = "training.training.total_timesteps=20"
    run, _, text = run_plan(Plan(make_config(sample_env(), "a2c", short, "evaluation.video=true")))
    lines = text.splitlines()
    assert lines[0] == "Training finished at timestep 20"
    report = json.loads((run.path / "eval.json").read_text())
    assert f"mean return {report['mean_reward']:.1f}" in lines[1]
    assert "success 100%" in lines[1]
    assert "  film               videos/best.mp4" in lines
    assert (run.path / "videos" / "best.mp4").is_file()
    commands = [line.partition("rl-pipeline ")[2].split() for line in lines if "  rl-pipeline " in line]
    assert [command[0] for command in commands] == ["play", "record", "eval", "save-model", "train"]
    for command in commands[1:]:
        assert main(command) == 0, command
    assert "Training finished at timestep 40" in capsys.readouterr().out


def test_every_number_of_the_evaluation_is_kept(train: Callable[..., RunFolder]) -> None:
    run = train("a2c", "evaluation={num_episodes: 3, seed: 9}")
    report = json.loads((run.path / "eval.json").read_text())
    assert report["checkpoint"] == "best"
    assert report["seed"] == 9
    assert report["deterministic"] is True
    assert report["lengths"] == [10, 10, 10]
    assert report["mean_reward"] == pytest.approx(sum(report["returns"]) / 3)
    assert report["success_rate"] == 1
    assert report["distance_final"] == 10


def test_paths_are_shown_the_short_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert shown(tmp_path / "work" / "a" / "b") == "a/b"
    assert shown(tmp_path / "other") == str(tmp_path / "other")
