"""The page on sweeps: its files are valid and its commands work."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from rl_pipeline.run.folder import find_runs
from rl_pipeline.search.folder import find_sweep
from rl_pipeline.search.settings import load_sweep, search_space
from tests.search.sweeps import InstantLauncher

from .documentation import DOCS, ROOT, commands, rl_pipeline, write_files

PAGE = DOCS / "sweeps.md"
EXPERIMENT = {
    "environment": {"id": "CartPole-v1", "n_environments": 4},
    "training": {
        "algorithm": "ppo",
        "tensorboard": False,
        "training": {"total_timesteps": 256, "device": "cpu"},
    },
    "evaluation": {"num_episodes": 1, "video": False},
}
SHORT = (
    "training.training.total_timesteps=256",
    "training.algorithm_parameters.n_steps=32",
    "sweep.trials=1",
)


def test_the_files_of_the_page_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    Path("my_experiment.yaml").write_text(yaml.safe_dump(EXPERIMENT))
    search = search_space(load_sweep(Path("my_sweep.yaml")))
    assert (search.sampler, search.n_trials, search.seeds) == ("tpe", 24, [0, 1, 2])
    own = load_sweep(Path("my_sweep.yaml"), ["sweep.objective.metric=my_objective.py:worst_seed"])
    assert own.sweep is not None


def test_the_commands_of_the_page_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # tests/commands/test_sweep.py trains; here it would take minutes.
    monkeypatch.setattr("rl_pipeline.search.launchers.LocalLauncher", lambda root, n: InstantLauncher())
    shutil.copytree(ROOT / "configs", "configs")
    Path("experiment.yaml").write_text(yaml.safe_dump(EXPERIMENT))
    first, lists, *others = commands(PAGE)
    rl_pipeline(first, *SHORT)
    # Every combination is made, and one of them trained.
    rl_pipeline(lists, "sweep.sampler=grid", "sweep.trials=1")
    assert len(find_runs(Path("experiments"))) == 3
    for command in others:
        rl_pipeline(command)
    folder = find_sweep("sweep_cartpole")
    assert len(folder.asked("enqueue")) == 1
    assert "1 finished of 1 trials; no driver is running" in capsys.readouterr().out


def test_the_script_of_evolution_searches(tmp_path: Path) -> None:
    command = [
        "bash",
        str(ROOT / "scripts" / "evo.sh"),
        "--config",
        str(ROOT / "configs" / "sweep_cartpole.yaml"),
    ]
    result = subprocess.run(
        [*command, *SHORT, "sweep.name=evo"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "1 trials by nevergrad" in result.stdout
    assert len(find_runs(tmp_path / "experiments")) == 1
