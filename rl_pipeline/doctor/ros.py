"""Checks of ROS 2: the installation, the built workspace, and a message that is sent and received."""

import json
import subprocess
from pathlib import Path

from rl_pipeline.doctor.finding import Finding

PROJECT = Path(__file__).parents[2]
TIMEOUT = 120
NOT_AVAILABLE, NOT_BUILT = 10, 11
SHELL = """
source "$0/scripts/setup.bash"; source "$0/scripts/ros.bash"
ros_is_available || exit 10
workspace_is_ready && enter_workspace || enter_ros
"$python" -m rl_pipeline.envs.ros.round_trip || exit 1
workspace_is_ready || exit 11
"""
BUILD = "`source ros_ws/activate.bash` builds it, as `bash launch_node.bash` does"


def check() -> list[Finding]:
    """Send a message in a shell that has entered ROS as the launchers do."""
    if not (PROJECT / "scripts" / "ros.bash").exists():
        return [
            Finding(
                "ros", "warning", "the launchers' scripts were not found", "use a clone of the repository"
            )
        ]
    try:
        process = subprocess.run(
            ["bash", "-c", SHELL, str(PROJECT)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [_failure(f"no answer within {TIMEOUT} s")]
    if process.returncode == NOT_AVAILABLE:
        remedy = "`bash launch_node.bash` installs it from wheels on x86-64; elsewhere install ROS 2 Jazzy"
        return [Finding("ros", "warning", "ROS 2 was not found", remedy)]
    if process.returncode not in (0, NOT_BUILT):
        return [_failure((process.stderr.strip().splitlines() or ["it ended without a message"])[-1])]
    built = process.returncode == 0
    workspace = (
        Finding("workspace", "ok", "ros_ws is built")
        if built
        else Finding("workspace", "warning", "ros_ws is not built, or has changed since the build", BUILD)
    )
    return [_success(json.loads(process.stdout.splitlines()[-1])), workspace]


def _success(report: dict[str, str | float]) -> Finding:
    source = "/opt/ros" if Path("/opt/ros/jazzy").is_dir() else "wheels"
    text = (
        f"{report['distro']} from {source}, {report['rmw']}, discovery {report['discovery']}; "
        f"a message was sent and received in {report['milliseconds']:.1f} ms"
    )
    return Finding("ros", "ok", text)


def _failure(reason: str) -> Finding:
    remedy = (
        "check that no firewall blocks UDP on this host and that RMW_IMPLEMENTATION names an installed "
        "middleware; `unset RMW_IMPLEMENTATION ROS_DOMAIN_ID` returns to the defaults"
    )
    return Finding("ros", "error", f"no message was received: {reason}", remedy)
