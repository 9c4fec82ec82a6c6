import contextlib
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.bridge.client import Client
from tests.ros_network import RosNetwork

AS_UNITYS_PACKAGES_DO = """
import rclpy
from ros_tcp_endpoint import TcpServer

def main(args=None):
    rclpy.init(args=args)
    tcp_server = TcpServer("UnityEndpoint", buffer_size=1024, connections=10, tcp_ip="127.0.0.1")
    tcp_server.start()
    tcp_server.create_timer(0.1, lambda: rclpy.shutdown() if tcp_server.count_publishers("/done") else None)
    tcp_server.setup_executor()
    tcp_server.destroy_nodes()
    print("the end")

main()
"""
TIMEOUT = 300.0


def ready(process: "subprocess.Popen[str]") -> str:
    """Wait for the line that says where the endpoint listens."""
    assert process.stdout is not None
    return next(line for line in process.stdout if "may connect" in line)


def connect(line: str) -> Client:
    [port] = re.findall(r":(\d+)", line.split("may connect")[1])
    client = Client(port=int(port), timeout=TIMEOUT)
    assert client.receive().topic == "__handshake"
    return client


def test_a_package_for_unitys_endpoint_runs_with_this_one(ros_network: RosNetwork, tmp_path: Path) -> None:
    file = tmp_path / "server_endpoint.py"
    file.write_text(AS_UNITYS_PACKAGES_DO)
    command = [sys.executable, str(file), "--ros-args", "-p", "ROS_TCP_PORT:=0"]
    with subprocess.Popen(
        command, env=ros_network.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        client = connect(ready(process))
        client.command("__publish", topic="/done", message_name="std_msgs/String")
        output, _ = process.communicate(timeout=TIMEOUT)
        client.close()
    assert process.returncode == 0, output
    assert output.strip().endswith("the end"), output


def test_tables_of_publishers_are_refused(ros_network: RosNetwork) -> None:
    program = "from ros_tcp_endpoint import TcpServer; import rclpy; rclpy.init(); TcpServer('a').start({'/a': None})"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=ros_network.environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert "the Unity program registers them" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_endpoint_ends_quietly_under_traffic(ros_network: RosNetwork, number: int) -> None:
    text = bytes.fromhex("0001000003000000686900")
    with ros_network.node("ros_tcp_endpoint", "default_server_endpoint", "-p", "ROS_TCP_PORT:=0") as process:
        with connect(ready(process)) as client:
            client.command("__publish", topic="/echo", message_name="std_msgs/String", latch=True)
            client.command("__subscribe", topic="/echo", message_name="std_msgs/String")
            client.publish("/echo", text)
            assert client.receive().topic == "/echo"
            process.send_signal(number)
            with contextlib.suppress(ConnectionError):
                while True:
                    client.publish("/echo", text)
        output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_the_start_says_who_can_connect_and_which_parameter_is_unknown(ros_network: RosNetwork) -> None:
    arguments = ["-p", "ROS_TCP_PORT:=0", "-p", "ROS_TCP_PROT:=7", "-r", "__ns:=left"]
    with ros_network.node("ros_tcp_endpoint", "default_server_endpoint", *arguments) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
    assert any("left.UnityEndpoint" in line and "did you mean 'ROS_TCP_PORT'?" in line for line in lines), (
        lines
    )
    assert any("from this machine only; others need -p ROS_IP:=0.0.0.0" in line for line in lines), lines


@pytest.mark.parametrize("value", ["70000", "many"])
def test_a_port_that_is_none_is_refused(ros_network: RosNetwork, value: str) -> None:
    process = ros_network.popen("ros_tcp_endpoint", "default_server_endpoint", "-p", f"ROS_TCP_PORT:={value}")
    output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2, output
    assert "ROS_TCP_PORT" in output
    assert "Traceback" not in output
