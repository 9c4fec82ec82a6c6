from pathlib import Path

import pytest

from rl_pipeline.run.folder import RunFolder, find_runs

from .conftest import Command


def write_launcher(node: str, **more: str) -> None:
    lines = ["experiment: tiny.yaml", *(f"{key}: {value}" for key, value in more.items())]
    Path("config.yml").write_text(
        "\n".join([*lines, f"ros: {{package_name: rl_nodes, node_name: {node}}}", ""])
    )


def test_the_training_that_the_file_names_is_started(command: Command) -> None:
    write_launcher("train", n_environments="3")
    outcome = command("launch", "training.training.total_timesteps=15")
    assert outcome.status == 0, outcome.error
    assert "Training finished at timestep 15" in outcome.output
    (run,) = find_runs(Path("experiments"))
    assert "n_environments: 3" in run.config.read_text()


def test_the_run_that_the_experiment_names_is_filmed(command: Command, trained: RunFolder) -> None:
    write_launcher("play")
    outcome = command("launch", "play.experiment=tiny", "play.pretrained_model=final")
    assert outcome.status == 0, outcome.error
    assert list(trained.videos.glob("final*.mp4"))


@pytest.mark.parametrize(
    ("node", "overrides", "part"),
    [
        ("trian", [], "ros.node_name: 'trian' is no node; there are: play, train; did you mean 'train'?"),
        ("play", [], "tiny.yaml: play.experiment: name a run; `rl-pipeline list runs` lists them"),
        ("play", ["play.experiment=walker"], "no run 'walker'"),
        ("train", ["training.algorithm=x"], "training.algorithm: unknown algorithm"),
    ],
)
def test_what_cannot_be_started_is_refused(
    node: str, overrides: list[str], part: str, command: Command
) -> None:
    write_launcher(node)
    outcome = command("launch", *overrides)
    assert outcome.status == 2
    assert part in outcome.error


def test_a_missing_file_is_named(command: Command) -> None:
    outcome = command("launch", "--config", "launcher.yml")
    assert outcome.status == 2
    assert "launcher.yml: there is no such file" in outcome.error
