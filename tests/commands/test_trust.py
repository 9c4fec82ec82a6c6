"""Code of downloaded runs is executed only with `--trust-code`."""

import json
from pathlib import Path

import pytest

from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.tracking.wandb_download import MARK

from .conftest import Command

OWN_ENVIRONMENT = """
from pathlib import Path

from gymnasium.envs.classic_control import CartPoleEnv

with Path("executed.txt").open("a") as file:
    file.write("executed ")


class Own(CartPoleEnv):
    pass
"""
Words = tuple[str, ...]
OPENING: dict[str, Words] = {
    "eval": ("eval", "{run}"),
    "play": ("play", "{run}"),
    "record": ("record", "{run}"),
    "resume": ("train", "--resume", "{run}", "training.training.total_timesteps=80"),
    "config": ("config", "{run}/config.yaml"),
    "train": ("train", "--config", "{run}/config.yaml"),
}


@pytest.fixture
def run(command: Command) -> RunFolder:
    """A run of an environment from a file of the user's, in another process as far as imports go."""
    Path("own.py").write_text(OWN_ENVIRONMENT)
    words = ("train", "--config", "tiny.yaml", "environment.id=own.py:Own")
    assert command(*words).status == 0
    (run,) = find_runs(Path("experiments"))
    # A module is imported once for each content, so the copy of the run gets another one.
    with (run.path / "code" / "own.py").open("a") as file:
        file.write(f"# {run.path}")
    Path("executed.txt").unlink(missing_ok=True)
    return run


@pytest.fixture
def downloaded(run: RunFolder) -> RunFolder:
    (run.path / MARK).write_text(json.dumps({"from": "wandb:lab/robots/abcd1234"}))
    return run


@pytest.mark.parametrize("name", OPENING)
def test_a_downloaded_run_executes_nothing_until_it_is_trusted(
    name: str, command: Command, downloaded: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word.format(run=downloaded.path) for word in OPENING[name]]
    outcome = command(*words)
    assert outcome.status == 2
    assert "was downloaded from wandb:lab/robots/abcd1234 and would execute" in outcome.error
    assert "own.py:Own (environment.id)" in outcome.error
    assert "add --trust-code" in outcome.error
    assert not Path("executed.txt").exists()
    monkeypatch.chdir(downloaded.path)  # where `code/own.py` of the YAML file itself is found
    assert command(*words, "--trust-code").status == 0
    assert Path("executed.txt").exists()


def test_a_run_inside_of_a_downloaded_folder_is_downloaded(command: Command, downloaded: RunFolder) -> None:
    inner = downloaded.path / "inner"
    inner.mkdir()
    for path in ("config.yaml", "checkpoints", "code"):
        (downloaded.path / path).rename(inner / path)
    assert "was downloaded from wandb:lab/robots/abcd1234" in command("eval", str(inner)).error
    assert not Path("executed.txt").exists()


def test_plot_executes_nothing(command: Command, downloaded: RunFolder) -> None:
    assert command("plot", str(downloaded.path)).status == 0
    assert not Path("executed.txt").exists()


def test_a_downloaded_run_without_code_needs_no_trust(command: Command, trained: RunFolder) -> None:
    (trained.path / MARK).write_text("damaged")
    outcome = command("eval", "tiny")
    assert (outcome.status, outcome.error) == (0, "")


@pytest.mark.parametrize("name", ["eval", "play", "record", "resume"])
def test_a_run_of_the_users_own_says_what_it_executes(name: str, command: Command, run: RunFolder) -> None:
    outcome = command(*(word.format(run=run.path) for word in OPENING[name]))
    assert outcome.status == 0
    assert "This run uses its own code: code/own.py:Own (environment.id)\n" in outcome.error
    assert Path("executed.txt").exists()


def test_a_run_from_elsewhere_deletes_nothing_outside_of_it(
    command: Command, trained: RunFolder, tmp_path: Path
) -> None:
    victims = [tmp_path / "victim.txt", tmp_path / "other.txt"]
    for victim in victims:
        victim.write_text("precious")
    for checkpoint in trained.checkpoints.glob("step_*"):
        manifest = json.loads((checkpoint / "checkpoint.json").read_text())
        described = {"size": 8, "sha256": "0" * 64}
        manifest["files"] |= {"../../../../../../victim.txt": described, str(victims[1]): described}
        (checkpoint / "checkpoint.json").write_text(json.dumps(manifest))
    longer = ("training.training.total_timesteps=80", "training.checkpoint.keep_last=1")
    command("train", "--resume", "tiny", *longer)
    assert [victim.read_text() for victim in victims] == ["precious", "precious"]
