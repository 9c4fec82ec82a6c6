"""The guide to robots and foreign simulations, run as it stands."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_pipeline.config.loading import load_config
from tests.ros_network import RosNetwork, end

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "ros_robots.md").read_text()


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A folder with the files that the guide shows."""
    for text in re.findall(r"```(?:yaml|python)\n(.*?)```", TEXT, re.DOTALL):
        name = re.match(r"# ([\w.]+)", text)
        assert name is not None
        (tmp_path / name[1]).write_text(text)
    (tmp_path / "ros_ws").symlink_to(ROOT / "ros_ws")
    return tmp_path


@pytest.fixture
def shells(ros_network: RosNetwork, reader: Path) -> Iterator[list["subprocess.Popen[str]"]]:
    """One shell for each block of commands, started in turn."""
    started = []
    for commands in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL):
        *lines, last = commands.strip().splitlines()
        started.append(
            subprocess.Popen(
                ["bash", "-c", "\n".join([*lines, f"exec {last}"])],
                cwd=reader,
                env=ros_network.environ,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
    yield started
    for shell in started:
        end(shell)


def test_a_policy_is_trained_on_the_robot(shells: list["subprocess.Popen[str]"], reader: Path) -> None:
    simulation, training = shells
    output, _ = training.communicate(timeout=240)
    assert training.returncode == 0, output
    assert "Training finished at timestep 512" in output
    assert "Traceback" not in output
    [curve] = reader.glob("experiments/balance/ppo/*/progress.csv")
    header, *rows = curve.read_text().splitlines()
    assert "episode/angle" in header
    assert rows
    assert simulation.poll() is None


def test_the_adapter_and_its_configuration_are_valid(
    ros_network: RosNetwork, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rl_pipeline.class_path import resolve_class
    from rl_pipeline.envs.ros.foreign import ServiceAdapter

    monkeypatch.chdir(reader)
    monkeypatch.setitem(sys.modules, "tank_adapter", None)
    config = load_config(Path("tank.yaml")).config
    assert config.environment.ros is not None
    assert config.environment.ros.adapter is not None
    adapter = resolve_class(config.environment.ros.adapter, ServiceAdapter, "environment.ros.adapter")()  # type: ignore[type-abstract]
    request = adapter.step_request([0.5])
    assert request.start.pose.position.x == 0.5
    response = adapter.reset_type.Response(message="1 2.5")  # type: ignore[attr-defined]
    assert adapter.first_observation(response) == [1.0, 2.5]
