"""A workspace of one message: the real scripts, wheels and compilers, in a folder whose name holds spaces."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ros_network import require_ros

ROOT = Path(__file__).parents[2]
PACKAGE = """
<package format="3">
  <name>greetings</name><version>0.1.0</version><description>One message.</description>
  <maintainer email="nobody@example.com">nobody</maintainer><license>Apache-2.0</license>
  <buildtool_depend>ament_cmake</buildtool_depend><buildtool_depend>rosidl_default_generators</buildtool_depend>
  <exec_depend>rosidl_default_runtime</exec_depend><member_of_group>rosidl_interface_packages</member_of_group>
  <export><build_type>ament_cmake</build_type></export>
</package>
"""
CMAKE = """
cmake_minimum_required(VERSION 3.20)
project(greetings)
find_package(ament_cmake REQUIRED)
find_package(rosidl_default_generators REQUIRED)
rosidl_generate_interfaces(${PROJECT_NAME} "msg/Greeting.msg")
ament_package()
"""
BUILD = 'source "$0/scripts/setup.bash"; source "$0/scripts/ros.bash"; set_up_workspace; enter_workspace; '


class Workspace:
    """A checkout that shares this environment and has packages of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my robots" / "rl pipeline"
        self.source = self.folder / "ros_ws" / "src" / "greetings"
        self.log = self.folder / "ros_ws" / "build.log"
        self.built = self.folder / "ros_ws" / "install" / ".built"
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        for name in ("pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.folder)
        (self.folder / ".venv").symlink_to(sys.prefix)
        (self.source / "msg").mkdir(parents=True)
        (self.source / "package.xml").write_text(PACKAGE)
        (self.source / "CMakeLists.txt").write_text(CMAKE)
        self.write_message("string text")

    def write_message(self, text: str) -> None:
        """Change the one message."""
        (self.source / "msg" / "Greeting.msg").write_text(text)

    def popen(self, python: str) -> "subprocess.Popen[str]":
        """Start a shell that builds and enters the workspace and then runs a line of Python."""
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", f"{BUILD} python -c '{python}'", str(self.folder)],
            env={name: value for name, value in os.environ.items() if name != "RL_PIPELINE_VENV"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    require_ros()
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    yield workspace
    shutil.rmtree(workspace.folder)


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def test_two_starts_after_a_killed_build_share_one_build(workspace: Workspace) -> None:
    killed = workspace.popen("")
    deadline = time.monotonic() + 120
    while not (workspace.folder / "ros_ws" / "build" / "greetings").exists():
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not workspace.built.exists()

    greet = 'from greetings.msg import Greeting; print(Greeting(text="hello").text)'
    ends = [finish(process) for process in [workspace.popen(greet), workspace.popen(greet)]]
    assert [(status, out) for status, out, _ in ends] == [(0, "hello\n")] * 2, ends
    errors = "".join(err for *_, err in ends)
    assert errors.count("Building the ROS packages") == 1
    assert errors.count("Another build of") == 1


def test_an_unchanged_workspace_is_not_built_and_a_changed_message_is(workspace: Workspace) -> None:
    assert finish(workspace.popen('print("ready")')) == (0, "ready\n", "")
    workspace.write_message("string text\nint32 times")
    code = "from greetings.msg import Greeting; print(Greeting().times)"
    status, out, err = finish(workspace.popen(code))
    assert (status, out) == (0, "0\n"), err
    assert "Building the ROS packages" in err


def test_a_failing_build_shows_its_last_lines_and_leaves_no_stamp(workspace: Workspace) -> None:
    workspace.write_message("no_such_type text")
    status, _, err = finish(workspace.popen(""))
    assert status == 1
    assert f"The last lines of {workspace.log}:" in err
    assert "no_such_type" in workspace.log.read_text()
    assert not workspace.built.exists()


def test_without_a_compiler_the_launcher_is_told_to_do_without_ros(
    workspace: Workspace, tmp_path: Path
) -> None:
    tools = "bash cat dirname find readlink realpath sed sha256sum sort uname xargs"
    for name in tools.split():
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    sources = 'source "$0/scripts/setup.bash"; source "$0/scripts/ros.bash"; '
    result = subprocess.run(
        ["bash", "-c", sources + "workspace_can_be_had", str(workspace.folder)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "There is no C++ compiler" in result.stderr
    assert "apt-get install -y g++ make" in result.stderr
