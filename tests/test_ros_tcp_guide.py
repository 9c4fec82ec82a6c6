import re
import socket
import subprocess
import time
from pathlib import Path

import psutil
import yaml

from rl_pipeline.bridge.client import Client
from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from tests.ros_network import RosNetwork, end

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "ros_tcp.md").read_text()


def start(command: str, network: RosNetwork) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["bash", "-c", command],
        cwd=ROOT,
        env=network.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def players_below(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "--ros-port" in child.cmdline()]


def has_learned(folder: Path) -> bool:
    """Whether a line of the curves was written."""
    return any(len(path.read_text().splitlines()) > 1 for path in folder.rglob("progress.csv"))


def test_a_training_whose_player_is_killed_goes_on(ros_network: RosNetwork, tmp_path: Path) -> None:
    train, _ = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
    keys = f"experiment.folder={tmp_path} training.training.total_timesteps=40000"
    training = start(f"{train.rstrip()} {keys}", ros_network)
    deadline = time.monotonic() + 120
    while not has_learned(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    players = players_below(training)
    assert players
    for player in players:
        player.kill()
    output, _ = training.communicate(timeout=240)
    assert training.returncode == 0, output
    assert "new ones begin" in output
    assert "success" in output


def test_the_yaml_makes_environments() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    env = make_vector_env(Environment(**yaml.safe_load(text)["environment"]))
    assert env.num_envs == 8
    env.close()


def test_the_launcher_serves_clients(ros_network: RosNetwork) -> None:
    _, launch = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = start(f"exec {launch.rstrip()} -p ROS_TCP_PORT:={port}", ros_network)
    try:
        assert endpoint.stdout is not None
        assert next(line for line in endpoint.stdout if "may connect" in line)
        with Client(port=port, timeout=300) as client:
            assert client.receive().topic == "__handshake"
    finally:
        end(endpoint)
    assert endpoint.returncode == 0
