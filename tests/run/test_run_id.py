"""A command with an identifier of its run starts the run once and resumes it later."""

from pathlib import Path

import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.run.folder import find_runs
from rl_pipeline.run.metadata import read_metadata

from .conftest import MakeConfig
from .training_process import Training, newest_timestep

pytestmark = pytest.mark.usefixtures("without_pictures")
SHORT = ("training.training.total_timesteps=20", "training.checkpoint.export=false")


def test_the_same_command_starts_resumes_and_then_does_nothing(
    training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    training.configure()
    training.start("--run-id", "job-7")
    training.wait_for_timestep(20)
    training.process.terminate()
    training.end()
    stopped_at = newest_timestep(training.run)

    shorter = f"training.training.total_timesteps={stopped_at + 20}"
    command = [*training.command, "--run-id", "job-7", shorter]
    assert main(command) == 0
    assert f"Training finished at timestep {stopped_at + 20}" in capsys.readouterr().out
    assert main(command) == 0
    assert "has finished its" in capsys.readouterr().out
    [run] = find_runs(training.folder / "experiments")
    assert read_metadata(run)["run_id"] == "job-7"


def test_another_identifier_starts_another_run(tmp_path: Path, make_config: MakeConfig) -> None:
    config = make_config("CartPole-v1", "a2c", *SHORT)
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(include={"experiment", "environment", "training"})))
    for identifier in ("a", "b", "a"):
        assert main(["train", "--config", str(file), "--run-id", identifier, "evaluation.video=false"]) == 0
    assert sorted(read_metadata(run)["run_id"] for run in find_runs(tmp_path / "experiments")) == ["a", "b"]


@pytest.mark.parametrize("others", [[], ["--config", "x.yaml", "--resume", "auto"], ["--resume", "RUN"]])
def test_it_takes_the_place_of_resume(others: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--run-id", "a", *others]) == 2
    assert "--run-id needs --config" in capsys.readouterr().err
