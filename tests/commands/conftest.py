"""A command line in the test's own folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.run import reports
from rl_pipeline.run.folder import RunFolder, find_runs


class Outcome(NamedTuple):
    """What a command gave back and said."""

    status: int
    output: str
    error: str


Command = Callable[..., Outcome]

TINY: dict[str, Any] = {
    "experiment": {"name": "tiny"},
    "environment": {
        "id": "CartPole-v1",
        "n_environments": 2,
        "wrappers": [{"time_limit": {"max_episode_steps": 15}}],
    },
    "training": {
        "algorithm": "a2c",
        "tensorboard": False,
        "training": {
            "total_timesteps": 40,
            "device": "cpu",
            "verbose": 0,
            "eval": {"num_episodes": 2, "num_evals": 2},
        },
        "checkpoint": {"num_checkpoints": 2},
    },
    "evaluation": {"num_episodes": 2, "video": False},
}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `rl-pipeline` with the given words in the test's folder, where `tiny.yaml` is an experiment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)  # takes longer than a tiny training
    Path("tiny.yaml").write_text(yaml.safe_dump(TINY))

    def run(*words: str) -> Outcome:
        capsys.readouterr()
        try:
            status = main(words)
        except SystemExit as end:
            status = int(str(end.code))
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def trained(command: Command) -> RunFolder:
    """A run of `tiny.yaml`."""
    assert command("train", "--config", "tiny.yaml").status == 0
    (run,) = find_runs(Path("experiments"))
    return run


@pytest.fixture
def make_run(command: Command) -> Callable[[str], RunFolder]:
    """Make the folder of a run without training it."""

    def make(name: str) -> RunFolder:
        run = RunFolder(Path("experiments/CartPole-v1/a2c") / name)
        run.path.mkdir(parents=True)
        run.config.touch()
        return run

    return make
