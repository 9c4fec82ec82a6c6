"""The commands that look at a run: eval, play, record, plot."""

import json
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import pytest

from rl_pipeline.run.folder import RunFolder

from .conftest import Command, Outcome

PNG = b"\x89PNG\r\n"


def frames_in(film: Path) -> int:
    return imageio_ffmpeg.count_frames_and_secs(film)[0]


def test_eval_writes_and_prints_the_result(command: Command, trained: RunFolder) -> None:
    outcome = command("eval", "tiny", "--episodes", "4", "--seed", "3", "--checkpoint", "init")
    assert outcome.status == 0
    report = json.loads((trained.path / "eval.json").read_text())
    assert (report["checkpoint"], report["timestep"], report["seed"]) == ("init", 0, 3)
    assert len(report["returns"]) == 4
    assert f"mean_reward              {report['mean_reward']:.4g}" in outcome.output
    assert f"4 episodes of checkpoint 'init'; written to {trained.path / 'eval.json'}" in outcome.output
    assert command("eval", "tiny", "--episodes", "4", "--seed", "3", "--checkpoint", "init") == outcome


SHORT = "environment.wrappers=[{time_limit: {max_episode_steps: 3}}]"


def test_overrides_change_where_a_policy_acts_and_are_written_down(
    command: Command, trained: RunFolder
) -> None:
    outcome = command("eval", "tiny", "--episodes", "2", SHORT, "--video", "eval.mp4", "evaluation.seed=5")
    assert outcome.status == 0, outcome.error
    assert outcome.output.endswith("eval.mp4\n")
    report = json.loads((trained.path / "eval.json").read_text())
    assert report["overrides"] == [SHORT, "evaluation.seed=5"]
    assert (report["lengths"], report["seed"]) == ([3, 3], 5)
    assert frames_in(Path("eval.mp4")) == 6
    film = trained.videos / "best_seed_0_wrappers=-time_limit-max_episode_steps-3-.mp4"
    assert command("play", "tiny", SHORT).output == f"{film} (3 frames)\n"
    assert SHORT.encode() in film.read_bytes()
    outcome = command("record", "tiny", "--checkpoints", "init,final", SHORT)
    film = trained.videos / "learning_wrappers=-time_limit-max_episode_steps-3-.mp4"
    assert outcome.output == f"{film} (6 frames, 2 checkpoints)\n"
    assert SHORT.encode() in film.read_bytes()
    for words, part in REFUSED_OVERRIDES.items():
        outcome = command(*words.split(" ", 2))
        assert outcome.status == 2
        assert part in outcome.error


REFUSED_OVERRIDES = {
    "eval tiny training.algorithm=sac": "command line: training: a trained policy cannot change this",
    "play tiny environment.id=Acrobot-v1": "its observation is box (4,) float32, that",
    "record tiny environment.normalize=true": "environment through Normalize",
    "eval tiny environment.wrapers=[]": "did you mean: wrappers",
    "eval tiny environment.kwargs.speed=1": "speed",
    "play tiny --speed=1": "unrecognized arguments: --speed=1",
}


def test_eval_shows_its_episodes_in_a_window(
    command: Command, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    show = ("eval", "tiny", "--render", "human", "--episodes", "2", SHORT)
    outcome = command(*show)
    assert outcome.status == 2
    assert "no display is available for a window" in outcome.error
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert command(*show).status == 0
    assert json.loads((trained.path / "eval.json").read_text())["lengths"] == [3, 3]
    for look in (show, ("play", "tiny", "--render", "human")):
        assert "leave one out" in command(*look, "--video", "film.mp4").error


def test_play_films_an_episode(command: Command, trained: RunFolder) -> None:
    outcome = command("play", "tiny")
    film = trained.videos / "best_seed_0.mp4"
    assert outcome.status == 0
    assert outcome.output == f"{film} ({frames_in(film)} frames)\n"
    outcome = command(
        "play", str(trained.path), "--checkpoint", "final", "--seed", "2", "--video", "films/final.mp4"
    )
    assert outcome.output == f"films/final.mp4 ({frames_in(Path('films/final.mp4'))} frames)\n"


def test_play_needs_a_display_for_a_window(
    command: Command, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    outcome = command("play", "tiny", "--render", "human")
    assert outcome.status == 2
    assert "no display is available for a window" in outcome.error


def test_play_shows_episodes_in_a_window(
    command: Command, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    outcome = command("play", "tiny", "--render", "human", "--episodes", "2", "--checkpoint", "init")
    assert outcome.status == 0
    assert [line.partition(":")[0] for line in outcome.output.splitlines()] == ["episode 1", "episode 2"]


def test_record_films_all_checkpoints(command: Command, trained: RunFolder) -> None:
    outcome = command("record", "tiny")
    film = trained.videos / "learning.mp4"
    assert outcome.output == f"{film} ({frames_in(film)} frames, 4 checkpoints)\n"
    outcome = command("record", "tiny", "--checkpoints", "init,final", "--video", "two.mp4")
    assert outcome.output == f"two.mp4 ({frames_in(Path('two.mp4'))} frames, 2 checkpoints)\n"


def test_plot_draws_one_or_more_runs(command: Command, trained: RunFolder) -> None:
    assert command("plot", "tiny") == Outcome(0, "curves.png\n", "")
    assert Path("curves.png").read_bytes().startswith(PNG)
    assert command("train", "--config", "tiny.yaml", "experiment.seed=1").status == 0
    words = ("plot", str(trained.path), "tiny", "--out", "two.svg", "--key", "value_loss")
    assert command(*words).status == 0
    assert "mean and range of 2 seeds" in Path("two.svg").read_text()


def test_plot_draws_over_minutes(command: Command, trained: RunFolder) -> None:
    assert command("plot", "tiny", "--x", "minutes").status == 0
    assert Path("curves.png").read_bytes().startswith(PNG)


def test_plot_names_the_columns_that_there_are(command: Command, trained: RunFolder) -> None:
    outcome = command("plot", "tiny", "--key", "train/value_lozz")
    assert outcome.status == 2
    assert "did you mean: train/value_loss" in outcome.error
    assert "eval/{max_reward, mean_ep_length, mean_reward, min_reward, std_reward}" in outcome.error


LOOKING = {
    "eval": lambda name: ("eval", name),
    "play": lambda name: ("play", name),
    "record": lambda name: ("record", name),
    "plot": lambda name: ("plot", name),
    "train": lambda name: ("train", "--resume", name),
}


@pytest.mark.parametrize("look", LOOKING)
def test_a_wrong_name_of_a_run_gives_the_nearest(
    look: str, command: Command, make_run: Callable[[str], RunFolder]
) -> None:
    make_run("walker_2026-01-01_10-00-00")
    outcome = command(*LOOKING[look]("walkr"))
    assert outcome.status == 2
    assert (
        f"rl-pipeline {look}: no run 'walkr'. Runs in experiments: walker_2026-01-01_10-00-00."
        in outcome.error
    )
    assert "Did you mean 'walker'?" in outcome.error


@pytest.mark.parametrize("look", ["eval", "play", "record", "train"])
def test_a_run_without_checkpoints_is_refused(look: str, command: Command, trained: RunFolder) -> None:
    for checkpoint in trained.checkpoints.iterdir():
        checkpoint.rename(trained.path / checkpoint.name)
    outcome = command(*LOOKING[look]("tiny"))
    assert outcome.status == 2
    assert "has no checkpoint yet" in outcome.error or "has no good checkpoint" in outcome.error


@pytest.mark.parametrize("look", ["eval", "play", "record"])
def test_a_damaged_checkpoint_is_refused(look: str, command: Command, trained: RunFolder) -> None:
    for checkpoint in trained.checkpoints.iterdir():
        (checkpoint / "model.zip").write_bytes(b"")
    outcome = command(*LOOKING[look]("tiny"))
    assert outcome.status == 2
    assert "has 0 bytes instead of" in outcome.error
    assert "use another checkpoint of the run: --checkpoint NAME" in outcome.error


def test_a_wrong_checkpoint_gives_the_valid_ones(command: Command, trained: RunFolder) -> None:
    outcome = command("eval", "tiny", "--checkpoint", "finall")
    assert outcome.status == 2
    assert (
        "existing: init, step_000000020, step_000000040, final, best. Did you mean 'final'?" in outcome.error
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["play", "tiny", "--video", "film.avi"], "'film.avi' must end in .mp4"),
        (["record", "tiny", "--video", "film"], "'film' must end in .mp4"),
        (["plot", "tiny", "--out", "curves.xyz"], "'curves.xyz' must end in one of .png, .jpg, .pdf, .svg"),
        (["eval", "tiny", "--episodes", "0"], "must be at least 1"),
        (["eval", "tiny", "--seed", "-1"], "'-1' must be a non-negative integer"),
        (["play", "tiny", "--episodes", "x"], "'x' must be a non-negative integer"),
        (["eval", "wandb:x"], "write `wandb:entity/project/id`"),
    ],
)
def test_a_wrong_option_is_refused(words: list[str], part: str, command: Command) -> None:
    outcome = command(*words)
    assert outcome.status == 2
    assert part in outcome.error


@pytest.mark.parametrize(
    "words",
    [["play", "tiny", "--video", "tiny.yaml/film.mp4"], ["plot", "tiny", "--out", "tiny.yaml/curves.png"]],
)
def test_a_file_that_cannot_be_written_is_one_line(
    words: list[str], command: Command, trained: RunFolder
) -> None:
    outcome = command(*words)
    assert outcome.status == 1
    assert outcome.error.startswith(f"rl-pipeline {words[0]} failed: ")
    assert "tiny.yaml" in outcome.error
