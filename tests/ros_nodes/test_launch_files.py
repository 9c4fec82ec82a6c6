import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rl_pipeline.bridge.client import Client
from rl_pipeline.run.folder import find_runs
from tests.ros_network import RosNetwork, end

from .reaching_policy import write_description, write_policy

if TYPE_CHECKING:
    from .conftest import Participant

ROOT = Path(__file__).parents[2]
ROBOT = Path(__file__).with_name("robot_stand_in.py")


def start(network: RosNetwork, plan_name: str, **values: str) -> "list[subprocess.Popen[str]]":
    """Start the commands that a launch file starts."""
    from ament_index_python import get_package_prefix
    from rl_nodes import launch_plans

    plan = getattr(launch_plans, plan_name)
    defaults = {name: default for name, (default, _) in plan.arguments.items()}
    return [
        subprocess.Popen(
            node.command(Path(get_package_prefix(node.package))),
            env=network.environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for node in plan.starts(defaults | values)
    ]


def test_two_simulations_and_their_trainer_end_together(
    ros_network: RosNetwork, participant: "Participant", experiment: Path, tmp_path: Path
) -> None:
    from rl_interfaces.msg import TrainingStatus

    status = participant.collect(TrainingStatus, "/left/train/status")
    with ExitStack() as stack:
        processes = start(
            ros_network,
            "TRAIN",
            config=str(experiment),
            overrides="training.training.total_timesteps=1000000 'experiment.name=two words'",
            simulations="2",
            namespace="left",
            use_sim_time="true",
        )
        for process in processes:
            stack.callback(end, process)
        status.wait_for(lambda message: message.timestep > 0)
        nodes = participant.node.get_node_names_and_namespaces()
        for process in processes:
            process.send_signal(signal.SIGINT)
        outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    [run] = find_runs(tmp_path / "experiments")
    assert "two words" in run.config.read_text()
    assert "[/left/simulation_1, /left/simulation_2]" in run.config.read_text().replace("'", "")
    assert list(run.checkpoints.glob("step_*"))
    own = sorted(name for name, namespace in nodes if namespace == "/left" and name.startswith("two_words_"))
    expected = re.sub(r"\W", "_", f"{run.name}_environment")
    assert own == [expected, f"{expected}_2"]
    assert all(namespace == "/left" for name, namespace in nodes if name != participant.node.get_name())


SAFE = [0.0, 0.0]


def test_a_deployed_policy_commands_until_it_is_stopped(
    ros_network: RosNetwork, participant: "Participant", tmp_path: Path
) -> None:
    from std_msgs.msg import Float64MultiArray

    policy = write_policy(tmp_path / "policy.onnx")
    config = write_description(tmp_path / "robot.yaml")
    commands = participant.collect(Float64MultiArray, "/left/command", latched=False, reliable=True)
    with ros_network.script(ROBOT, "--ros-args", "-r", "__ns:=/left"), ExitStack() as stack:
        [node] = start(
            ros_network,
            "DEPLOY",
            policy=str(policy),
            config=str(config),
            activate="true",
            namespace="/left",
        )
        stack.callback(end, node)
        assert len(commands.wait_for(lambda message: list(message.data) != SAFE).data) == 2
        node.send_signal(signal.SIGINT)
        output = node.communicate(timeout=300)[0]
    assert node.returncode == 0, output
    commands.wait_for(lambda message: list(message.data) == SAFE)
    assert list(commands.messages[-1].data) == SAFE


def test_arguments_are_checked(ros_network: RosNetwork) -> None:
    with pytest.raises(
        ValueError, match="the argument simulations is 'two'; it must be a non-negative integer"
    ):
        start(ros_network, "SIMULATION", simulations="two")
    with pytest.raises(ValueError, match="the argument use_sim_time is 'yes'; it must be true or false"):
        start(ros_network, "SIMULATION", use_sim_time="yes")
    with pytest.raises(ValueError, match="the argument port is '-1'; it must be a non-negative integer"):
        start(ros_network, "UNITY", port="-1")


def test_the_endpoint_for_unity_takes_clients(ros_network: RosNetwork) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    [endpoint] = start(ros_network, "UNITY", port=str(port))
    try:
        assert endpoint.stdout is not None
        assert any("may connect" in line for line in endpoint.stdout)
        with Client(port=port, timeout=300) as client:
            assert client.receive().topic == "__handshake"
        endpoint.send_signal(signal.SIGTERM)
        output = endpoint.communicate(timeout=300)[0]
    finally:
        end(endpoint)
    assert endpoint.returncode == 0, output


def test_the_files_are_installed(ros_network: RosNetwork) -> None:
    from ament_index_python import get_package_share_directory

    installed = sorted(Path(get_package_share_directory("rl_nodes"), "launch").glob("*.launch.py"))
    assert [file.name for file in installed] == [
        f"{name}.launch.py" for name in ("deploy", "play", "simulation", "train", "unity")
    ]
    assert Path(get_package_share_directory("ros_tcp_endpoint"), "launch", "endpoint.py").exists()
    for file in installed:
        assert file.read_text() == (ROOT / "launch" / file.name).read_text()


def launch(network: RosNetwork, file: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Carry out a launch file as `ros2 launch` does, and end with its exit status."""
    pytest.importorskip("launch.actions", reason="needs ros2 launch, which is not among the wheels of ROS")
    program = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

file, *arguments = sys.argv[1:]
included = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(file), launch_arguments=[text.split(":=") for text in arguments]
)
service = LaunchService(noninteractive=True)
service.include_launch_description(LaunchDescription([included]))
sys.exit(service.run())
"""
    return subprocess.run(
        [sys.executable, "-c", program, str(file), *arguments],
        env=network.environ,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_launch_starts_a_training_and_ends_with_it(
    ros_network: RosNetwork, experiment: Path, tmp_path: Path
) -> None:
    file = ROOT / "launch" / "train.launch.py"
    result = launch(ros_network, file, f"config:={experiment}", "namespace:=left")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Training finished at timestep 200" in result.stdout
    assert "[simulation_1-1]: process has finished cleanly" in result.stdout
    assert find_runs(tmp_path / "experiments")


@pytest.mark.parametrize(
    ("file", "argument", "process", "last"),
    [
        ("train", "config:=absent.yaml", "simulation_1-1|train-2", "1 problem; nothing was started"),
        ("play", "run:=absent", "play-1", "no run 'absent'. Runs in experiments: none yet."),
    ],
)
def test_the_first_failure_is_the_last_thing_that_launch_prints(
    ros_network: RosNetwork,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    argument: str,
    process: str,
    last: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = launch(ros_network, ROOT / "launch" / f"{file}.launch.py", argument)
    output = result.stdout + result.stderr
    assert result.returncode == 1, output
    assert "Traceback" not in output
    [_, said] = re.split(rf"({process}) failed with exit status 2; its last lines:", output)[::2]
    assert said.rstrip().endswith(last)
    assert "process has" not in said


def test_unitys_launch_file_starts_the_endpoint(ros_network: RosNetwork) -> None:
    from ament_index_python import get_package_share_directory

    file = Path(get_package_share_directory("ros_tcp_endpoint"), "launch", "endpoint.py")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = launch(ros_network, file, f"port:={taken.getsockname()[1]}")
    assert result.returncode == 1
    assert "UnityEndpoint-1 failed with exit status 2" in result.stdout + result.stderr
    assert "cannot listen on 127.0.0.1" in result.stdout + result.stderr
