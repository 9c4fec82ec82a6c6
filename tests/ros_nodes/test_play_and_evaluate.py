import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rl_pipeline.cli import main
from rl_pipeline.run import reports
from rl_pipeline.run.folder import RunFolder, find_runs
from tests.ros_network import RosNetwork

if TYPE_CHECKING:
    from .conftest import Participant


@pytest.fixture
def trained(experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)
    assert main(["train", "--config", str(experiment)]) == 0
    [run] = find_runs(tmp_path / "experiments")
    return run


def test_an_evaluation_is_published_and_written(
    ros_network: RosNetwork, participant: "Participant", trained: RunFolder
) -> None:
    from rl_interfaces.msg import EpisodeStatistics

    episodes = participant.collect(EpisodeStatistics, "/evaluate/episodes")
    arguments = ["-p", f"run:={trained.path}", "-p", "episodes:=3", "-p", "checkpoint:=final"]
    process = ros_network.popen("rl_nodes", "evaluate", *arguments)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    report = json.loads((trained.path / "eval.json").read_text())
    assert len(report["returns"]) == 3
    message = episodes.wait_for(lambda message: message.source == "evaluation")
    assert message.mean_return == report["mean_reward"]
    assert message.mean_length == report["mean_ep_length"]
    assert message.timestep == 200
    assert dict(zip(message.metric_names, message.metrics, strict=True))["std_reward"] == report["std_reward"]


def test_a_policy_plays_until_a_signal(
    ros_network: RosNetwork, participant: "Participant", trained: RunFolder
) -> None:
    from rl_interfaces.msg import EpisodeStatistics

    episodes = participant.collect(EpisodeStatistics, "/play/episodes")
    with ros_network.node("rl_nodes", "play", "-p", f"run:={trained.path}") as process:
        played = episodes.wait_for(lambda message: message.source == "play")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert played.mean_return == played.mean_length > 0
    # Which episode is the first to arrive depends on how soon the two nodes have found each other.
    assert f": return {played.mean_return:.1f}" in output


@pytest.mark.parametrize(
    ("node", "arguments", "part"),
    [
        ("play", [], "the parameter run is empty"),
        ("play", ["-p", "run:=x", "-p", "render:=humann"], "did you mean 'human'?"),
        ("play", ["-p", "run:=walker"], "no run 'walker'"),
        ("evaluate", ["-p", "run:=walker", "-p", "episodes:=-7"], "the parameter episodes is -7"),
        ("evaluate", ["-p", "run:=walker", "-p", "episodes:=two"], "parameter 'episodes'"),
        ("play", ["-p", "run:=walker", "-p", "episode:=2"], "did you mean 'episodes'?"),
        ("simulation", ["-p", "real_time=true"], "write parameters as --ros-args -p name:=value"),
        ("simulation", ["-p", "camera_rate:=fast"], "parameter 'camera_rate'"),
    ],
)
def test_mistakes_are_refused(node: str, arguments: list[str], part: str, ros_network: RosNetwork) -> None:
    process = ros_network.popen("rl_nodes", node, *arguments)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 2, output
    assert part in output
    assert "Traceback" not in output
