import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rl_pipeline.bridge.client import Client
from tests.ros_network import RosNetwork, end

ROOT = Path(__file__).parents[2]
TIMEOUT = 300.0


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """The launcher beside scripts that find everything set up: the tests run in what they made."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "setup.bash").write_text(f"root={ROOT}; set_up() {{ :; }}\n")
    (tmp_path / "launch.bash").write_text(
        (ROOT / "launch_ros_tcp_endpoint.bash")
        .read_text()
        .replace('"$root/scripts/ros.bash"', f'{scripts}/"ros.bash"')
    )
    prefix = Path(os.environ["AMENT_PREFIX_PATH"].split(os.pathsep)[0]).parent
    (scripts / "ros.bash").write_text(
        f"workspace={prefix}; set_up_workspace() {{ :; }}; enter_workspace() {{ :; }}\n"
    )
    assert shutil.which("bash")
    return tmp_path / "launch.bash"


@contextmanager
def started(launcher: Path, network: RosNetwork, port: int) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        ["bash", str(launcher), "--ros-args", "-p", f"ROS_TCP_PORT:={port}"],
        env=network.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        end(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_endpoint_serves_until_a_signal(ros_network: RosNetwork, launcher: Path, number: int) -> None:
    with started(launcher, ros_network, 0) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if "may connect" in line)
        [port] = re.findall(r"127\.0\.0\.1:(\d+)", ready)
        with Client(port=int(port), timeout=TIMEOUT) as client:
            assert client.receive().topic == "__handshake"
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0


def test_a_port_that_is_taken_is_an_error_with_a_remedy(ros_network: RosNetwork, launcher: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(launcher, ros_network, port) as process:
            output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in output
    assert f"-p ROS_TCP_PORT:={port + 1}" in output
