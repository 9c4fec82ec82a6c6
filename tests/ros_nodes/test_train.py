import json
import signal
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rl_pipeline.run.folder import find_runs
from rl_pipeline.run.metadata import read_metadata
from tests.ros_network import RosNetwork

if TYPE_CHECKING:
    from .conftest import Participant

ENDLESS = '["training.training.total_timesteps=1000000", "training.training.verbose=0"]'


def parameters(experiment: Path, overrides: str = "") -> list[str]:
    arguments = ["-p", f"config:={experiment}"]
    return [*arguments, "-p", f"overrides:={overrides}"] if overrides else arguments


def test_trainings_in_two_namespaces_publish_how_they_go_and_end(
    ros_network: RosNetwork, participant: "Participant", experiment: Path, tmp_path: Path
) -> None:
    from rl_interfaces.msg import EpisodeStatistics, TrainingStatus

    status = participant.collect(TrainingStatus, "/left/train/status")
    other_status = participant.collect(TrainingStatus, "/right/train/status")
    episodes = participant.collect(EpisodeStatistics, "/left/train/episodes")

    def node(namespace: str, timesteps: int) -> "AbstractContextManager[subprocess.Popen[str]]":
        overrides = f'["training.training.total_timesteps={timesteps}", "experiment.name={namespace}"]'
        remapping = ["-r", f"__ns:={namespace}"]
        return ros_network.node("rl_nodes", "train", *parameters(experiment, overrides), *remapping)

    with node("left", 400) as left, node("right", 300) as right:
        finished = status.wait_for(lambda message: message.state == "finished")
        assert other_status.wait_for(lambda message: message.state == "finished").timestep == 300
        output, other_output = (process.communicate(timeout=300)[0] for process in (left, right))
    assert (left.returncode, right.returncode) == (0, 0), output + other_output
    assert "Training finished at timestep 400" in output
    [run] = [run for run in find_runs(tmp_path / "experiments") if run.experiment_name == "left"]
    assert finished.run_folder == str(run.path)
    assert (finished.timestep, finished.total_timesteps) == (400, 400)
    assert finished.fps > 0
    assert finished.mean_return > 0
    assert finished.stamp.sec > 0
    assert status.messages[0].state == "training"
    last = episodes.messages[-1]
    assert last.source == "training"
    assert last.mean_return == finished.mean_return == last.mean_length


def test_a_training_is_paused_saved_and_stopped_by_services(
    ros_network: RosNetwork, participant: "Participant", experiment: Path, tmp_path: Path
) -> None:
    from rl_interfaces.msg import TrainingStatus
    from std_srvs.srv import SetBool, Trigger

    status = participant.collect(TrainingStatus, "/train/status")
    with ros_network.node("rl_nodes", "train", *parameters(experiment, ENDLESS)) as process:
        status.wait_for(lambda message: message.timestep > 0)
        [run] = find_runs(tmp_path / "experiments")
        assert participant.call(SetBool, "/train/pause", data=True).success
        status.wait_for(lambda message: message.state == "paused")
        assert participant.call(Trigger, "/train/save").success
        assert participant.call(SetBool, "/train/pause", data=False).success
        assert participant.call(Trigger, "/train/stop").success
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert status.messages[-1].state == "stopped"
    steps = sorted(path.name for path in run.checkpoints.glob("step_*"))
    assert len(steps) >= 1
    assert read_metadata(run)["reason"] == "service /train/stop"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops(
    number: signal.Signals,
    ros_network: RosNetwork,
    participant: "Participant",
    experiment: Path,
    tmp_path: Path,
) -> None:
    from rl_interfaces.msg import TrainingStatus

    status = participant.collect(TrainingStatus, "/train/status")
    with ros_network.node("rl_nodes", "train", *parameters(experiment, ENDLESS)) as process:
        status.wait_for(lambda message: message.timestep > 0)
        process.send_signal(number)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    [run] = find_runs(tmp_path / "experiments")
    assert read_metadata(run)["reason"] == number.name
    assert list(run.checkpoints.glob("step_*"))


def test_a_killed_training_is_resumed(
    ros_network: RosNetwork, participant: "Participant", experiment: Path, tmp_path: Path
) -> None:
    from rl_interfaces.msg import TrainingStatus
    from std_srvs.srv import Trigger

    status = participant.collect(TrainingStatus, "/train/status")
    process = ros_network.popen("rl_nodes", "train", *parameters(experiment, ENDLESS))
    status.wait_for(lambda message: message.timestep > 0)
    [run] = find_runs(tmp_path / "experiments")
    participant.call(Trigger, "/train/save")
    while not list(run.checkpoints.glob("step_*/checkpoint.json")):
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.communicate()
    overrides = json.dumps(["training.training.total_timesteps=1000000"])
    resume = ["-p", f"resume:={run.path}", "-p", f"overrides:={overrides}", "-r", "__node:=again"]
    again = participant.collect(TrainingStatus, "/again/status")
    with ros_network.node("rl_nodes", "train", *resume) as process:
        resumed = again.wait_for(lambda message: message.timestep > 0)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert resumed.run_folder == str(run.path)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["-p", "config:=absent.yaml"], "absent.yaml: the file does not exist"),
        (["-p", "config"], "write parameters as --ros-args -p name:=value"),
    ],
)
def test_a_mistake_is_refused(arguments: list[str], part: str, ros_network: RosNetwork) -> None:
    process = ros_network.popen("rl_nodes", "train", *arguments)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 2, output
    assert part in output
    assert "Traceback" not in output
