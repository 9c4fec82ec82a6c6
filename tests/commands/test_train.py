import json
import runpy
import sys
from pathlib import Path

import pytest
import torch
import yaml

from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.trained_policy import stored_config

from .conftest import Command

EXAMPLE = Path(__file__).parents[2] / "configs" / "base_ppo_config.yaml"


def test_a_training_prints_its_result_and_fills_a_folder(command: Command) -> None:
    outcome = command("train", "--config", "tiny.yaml")
    assert (outcome.status, outcome.error) == (0, "")
    assert "Training finished at timestep 40" in outcome.output
    (run,) = find_runs(Path("experiments"))
    assert run.path.parent == Path("experiments/CartPole-v1/a2c").resolve()
    assert yaml.safe_load(run.config.read_text())["training"]["training"]["total_timesteps"] == 40
    assert json.loads(run.metadata.read_text())["status"] == "finished"


def test_progress_is_shown_in_plain_lines_where_there_is_no_terminal(command: Command) -> None:
    outcome = command("train", "--config", "tiny.yaml", "training.training.verbose=1")
    assert "100% 40/40 timesteps" in outcome.output
    assert "\x1b" not in outcome.output


def test_resume_auto_starts_and_goes_on_and_ends(command: Command) -> None:
    words = ("train", "--config", "tiny.yaml", "--resume", "auto")
    assert "Training finished at timestep 40" in command(*words).output
    outcome = command(*words)
    assert outcome.status == 0
    assert (
        "has finished its 40 timesteps; to train on, add training.training.total_timesteps=80"
        in outcome.output
    )
    outcome = command(*words, "training.training.total_timesteps=80")
    assert "Training finished at timestep 80" in outcome.output
    assert len(find_runs(Path("experiments"))) == 1
    for count, another in enumerate(("experiment.name=other", "experiment.seed=7"), start=2):
        assert "Training finished at timestep 40" in command(*words, another).output
        assert len(find_runs(Path("experiments"))) == count
    longer = command(*words, "training.training.total_timesteps=120")
    assert "Training finished at timestep 120" in longer.output
    assert "differs" not in longer.error
    assert sorted(stored_config(run).experiment.seed for run in find_runs(Path("experiments"))) == [0, 0, 7]


def test_a_run_goes_on_by_name(command: Command, trained: RunFolder) -> None:
    outcome = command("train", "--resume", "tiny", "training.training.total_timesteps=60")
    assert "Training finished at timestep 60" in outcome.output
    timesteps = [
        int(row.partition(",")[0]) for row in (trained.path / "progress.csv").read_text().splitlines()[1:]
    ]
    assert timesteps[-1] == 60
    assert timesteps == sorted(timesteps)


def test_a_refused_change_of_a_run_is_forgotten(command: Command, trained: RunFolder) -> None:
    longer = "training.training.total_timesteps=60"
    outcome = command("train", "--resume", "tiny", longer, "environment.n_environments=3")
    assert outcome.status == 2
    assert (
        "does not fit the configuration: the state has 2 environments of CartPole-v1, but this batch has 3"
        in outcome.error
    )
    assert command("train", "--resume", "tiny", longer).status == 0


def test_a_policy_that_does_not_fit_is_refused_without_a_trace(command: Command, trained: RunFolder) -> None:
    words = ("train", "--config", "tiny.yaml", "experiment.name=second")
    outcome = command(*words, "training.pretrained_model=tiny", "training.architecture.net_arch=[5]")
    assert outcome.status == 2
    assert "does not fit this model" in outcome.error
    Path("no.zip").write_text("hello")
    outcome = command(*words, "training.pretrained_model=no.zip")
    assert outcome.status == 2
    assert "no.zip does not fit this model" in outcome.error
    assert find_runs(Path("experiments")) == [trained]
    assert command(*words, "training.pretrained_model=tiny").status == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_the_example_of_the_users_asks_for_a_gpu_in_one_message(command: Command) -> None:
    outcome = command("train", "--config", str(EXAMPLE))
    assert outcome.status == 2
    assert (
        "base_ppo_config.yaml:45: training.training.device: this machine has no NVIDIA GPU" in outcome.error
    )
    assert "set training.training.device: auto" in outcome.error
    assert "1 problem; nothing was started" in outcome.error


@pytest.mark.usefixtures("command")
def test_the_example_of_the_users_trains_as_it_is_on_a_cpu_without_wandb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shorter = (
        "training.training.total_timesteps=128",
        "training.algorithm_parameters.n_steps=64",
        "training.algorithm_parameters.batch_size=32",
        "environment.video_length=20",
    )
    machine = ("training.training.device=cpu", "training.use_wandb=false")
    script = str(EXAMPLE.parents[1] / "train_example.py")
    monkeypatch.setattr(sys, "argv", [script, "--config", str(EXAMPLE), *machine, *shorter])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script, run_name="__main__")
    assert ended.value.code == 0
    (run,) = find_runs(Path("experiments"))
    assert run.experiment_name == "BipedalWalker-Benchmark"
    assert (run.videos / "step_000000000.mp4").is_file()
    stored = yaml.safe_load(run.config.read_text())
    assert stored["training"]["architecture"]["features_extractor_class"] == "ResnetMLP"
    assert stored["training"]["pretrained_model"] is None
