import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.run.folder import RunFolder, find_runs
from tests.ros_network import RosNetwork

from .conftest import Command


def write_launcher(node: str, package: str = "rl_nodes", **more: str) -> None:
    lines = ["experiment: tiny.yaml", *(f"{key}: {value}" for key, value in more.items())]
    Path("config.yml").write_text(
        "\n".join([*lines, f"ros: {{package_name: {package}, node_name: {node}}}", ""])
    )


def launch(network: RosNetwork, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Launch in a process, which the node takes over."""
    command = [sys.executable, "-m", "rl_pipeline", "launch", *arguments]
    return subprocess.run(
        command, env=network.environ, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.fixture
def without_ros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


@pytest.mark.usefixtures("without_ros")
def test_without_ros_the_training_runs_in_this_process(command: Command) -> None:
    write_launcher("train", n_environments="3")
    outcome = command("launch", "training.training.total_timesteps=15")
    assert outcome.status == 0, outcome.error
    assert "ROS 2 was not found" in outcome.error
    assert "Training finished at timestep 15" in outcome.output
    (run,) = find_runs(Path("experiments"))
    assert "n_environments: 3" in run.config.read_text()


@pytest.mark.usefixtures("without_ros")
def test_without_ros_other_nodes_are_refused(command: Command) -> None:
    write_launcher("simulation")
    outcome = command("launch")
    assert outcome.status == 2
    assert "rl_nodes/simulation needs ROS 2" in outcome.error


def test_the_node_gets_the_experiment_its_overrides_and_arguments_of_ros(
    ros_network: RosNetwork, command: Command
) -> None:
    write_launcher("train", n_environments="3")
    tags = 'experiment.tags=[it\'s, "two words"]'
    more = ["-r", "__node:=other", "-r", "__ns:=left", "-p", "resume:=auto"]
    result = launch(ros_network, "training.training.total_timesteps=15", tags, "--ros-args", *more)
    assert result.returncode == 0, result.stderr
    assert "Training finished at timestep 15" in result.stdout
    (run,) = find_runs(Path("experiments"))
    assert "n_environments: 3" in run.config.read_text()
    assert "two words" in run.config.read_text()


def test_the_run_that_the_experiment_names_is_filmed(
    ros_network: RosNetwork, command: Command, trained: RunFolder
) -> None:
    write_launcher("play")
    result = launch(ros_network, "play.experiment=tiny", "play.pretrained_model=final")
    assert result.returncode == 0, result.stderr
    assert list(trained.videos.glob("final*.mp4"))


@pytest.mark.parametrize(
    ("package", "node", "overrides", "part"),
    [
        (
            "rl_nodes",
            "trian",
            [],
            "ros.node_name: 'trian' is not a node of rl_nodes; valid: evaluate, operate, play, ",
        ),
        ("rl_nodes", "trian", [], "did you mean 'train'?"),
        ("rl_node", "train", [], "ros.package_name: 'rl_node' is not a package with nodes; valid: "),
        ("rl_node", "train", [], "did you mean 'rl_nodes'?"),
        (
            "rl_nodes",
            "play",
            [],
            "tiny.yaml: play.experiment: name a run; `rl-pipeline list runs` lists them",
        ),
        ("rl_nodes", "play", ["play.experiment=walker"], "no run 'walker'"),
        (
            "ros_tcp_endpoint",
            "default_server_endpoint",
            ["experiment.seed=1"],
            "set its parameters with --ros-args -p name:=value",
        ),
    ],
)
def test_what_cannot_be_started_is_refused(
    package: str, node: str, overrides: list[str], part: str, ros_network: RosNetwork, command: Command
) -> None:
    write_launcher(node, package)
    outcome = command("launch", *overrides)
    assert outcome.status == 2
    assert part in outcome.error


def test_a_missing_file_is_named(command: Command) -> None:
    outcome = command("launch", "--config", "launcher.yml")
    assert outcome.status == 2
    assert "launcher.yml: the file does not exist" in outcome.error
