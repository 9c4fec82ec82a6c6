"""A ROS network for one test: a domain of its own, and nodes that end with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WITHOUT_ROS = "needs ROS 2 and the built workspace: start the tests with `bash run_tests.bash`"


def require_ros() -> None:
    """Skip what needs ROS where it is not; continuous integration must have it."""
    if os.environ.get("CI"):
        import rl_interfaces  # noqa: F401
    pytest.importorskip("rl_interfaces", reason=WITHOUT_ROS)


class RosNetwork:
    """Starts nodes of the workspace.

    Attributes:
        environ: Environment variables of its processes.
    """

    def __init__(self, domain: int, folder: Path) -> None:
        self.environ = os.environ | {
            "ROS_DOMAIN_ID": str(domain),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "ROS_LOG_DIR": str(folder / "ros_log"),
            "OMP_NUM_THREADS": "1",
        }

    def popen(self, package: str, node: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a node with ROS arguments."""
        for prefix in os.environ["AMENT_PREFIX_PATH"].split(os.pathsep):
            executable = Path(prefix) / "lib" / package / node
            if executable.exists():
                break
        command = [str(executable), *(["--ros-args", *arguments] if arguments else [])]
        return subprocess.Popen(
            command, env=self.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    @contextmanager
    def node(self, package: str, node: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Run a node in the block and end it after it."""
        process = self.popen(package, node, *arguments)
        try:
            yield process
        finally:
            end(process)

    @contextmanager
    def script(self, path: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Run a Python file in the block and end it after it."""
        process = subprocess.Popen([sys.executable, str(path), *arguments], env=self.environ, text=True)
        try:
            yield process
        finally:
            end(process)


def end(process: "subprocess.Popen[str]") -> None:
    """End a process that may have ended already."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
    process.communicate()
