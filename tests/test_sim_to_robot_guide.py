"""The guide from simulation to a robot, walked as it stands; our simulation plays the robot."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import torch
import yaml
from stable_baselines3 import PPO

from tests.documentation import DOCS, ROOT, blocks, rl_pipeline, run, write_files
from tests.ros_network import RosNetwork, end

PAGE = DOCS / "sim_to_robot.md"
SHORT = [
    "training.training.total_timesteps=2048",
    "training.training.eval.num_evals=1",
    "evaluation.video=false",
]
ACTIVATE = "source ros_ws/activate.bash\n"
PATIENCE = 300.0
"""Seconds after which what is waited for has failed, on however slow a machine."""
SLOW = {"max_age": 8.0, "max_late": 60.0}
"""Limits that a busy machine keeps, in place of those of the page."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the files of the page and its first run."""
    folder = tmp_path_factory.mktemp("reader")
    write_files(PAGE, folder)
    (folder / "ros_ws").symlink_to(ROOT / "ros_ws")
    robot = yaml.safe_load((folder / "robot.yaml").read_text())
    robot["deploy"]["safety"] |= SLOW
    robot["deploy"]["startup_timeout"] = 300.0
    (folder / "robot.yaml").write_text(yaml.safe_dump(robot))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        rl_pipeline(blocks(PAGE, "bash")[0], *SHORT)
        yield folder


class Terminals:
    """Terminals of a reader.

    Args:
        network: Its environment.
        folder: Where all of them begin.
    """

    def __init__(self, network: RosNetwork, folder: Path) -> None:
        self._environ, self._folder = network.environ, folder

    @contextmanager
    def stays(self, block: str, word: str = "") -> Iterator["subprocess.Popen[str]"]:
        """Run a block that continues until Ctrl-C; wait until it has printed a word."""
        *lines, last = block.splitlines()
        number = len(
            list(self._folder.glob("terminal*.log"))
        )  # each has its own, or one would overwrite another's
        log = self._folder / f"terminal{number}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-c", "\n".join([*lines, f"exec {last}"])],
                env=self._environ,
                cwd=self._folder,
                text=True,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: word in log.read_text() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            end(process)

    def run(self, block: str) -> "subprocess.CompletedProcess[str]":
        """Run a block to its end."""
        return subprocess.run(
            ["bash", "-c", f"{ACTIVATE}{block}"],
            env=self._environ,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def says(self, block: str, text: str) -> None:
        """Run a block whose last line is a text."""
        result = self.run(block)
        assert result.stdout.splitlines()[-1:] == [text], result.stdout + result.stderr


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_run_steers_the_robot_until_a_fault(ros_network: RosNetwork, reader: Path) -> None:
    terminals = Terminals(ros_network, reader)
    _, export, robot, shadow, activate, deploy, state, press, release, deactivate, replay, *_ = blocks(
        PAGE, "bash"
    )
    rl_pipeline(export)
    with ExitStack() as stack:
        simulation = stack.enter_context(terminals.stays(robot))
        with terminals.stays(shadow, "configured") as node:
            terminals.says(activate, "active, shadow")
            ctrl_c(node)
        node = stack.enter_context(terminals.stays(deploy, "configured"))
        assert terminals.run(activate).stdout.startswith("active")
        wait_until(lambda: terminals.run(state).stdout == "active\n")

        stopped = "active, stopped: the emergency stop /emergency_stop is pressed"
        terminals.says(press, stopped)
        refused = terminals.run("rl-pipeline operate reset")
        assert (refused.returncode, "is pressed" in refused.stderr) == (1, True), refused.stderr
        assert terminals.run(release).stdout.startswith("active")

        ctrl_c(simulation)
        silent = "active, stopped: the newest message of /joint_states is "
        wait_until(lambda: terminals.run(state).stdout.startswith(silent))
        stack.enter_context(terminals.stays(robot))
        wait_until(lambda: terminals.run("rl-pipeline operate reset").returncode == 0)

        terminals.says(deactivate, "inactive")
        ctrl_c(node)
    result = run(replay, reader)
    assert result.returncode == 0, result.stdout + result.stderr
    for text in ("the emergency stop /emergency_stop is pressed", "info: reset", "No action differs"):
        assert text in result.stdout


def ctrl_c(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return PPO.load(checkpoint / "model.zip", device="cpu").policy.state_dict()


def test_a_simulated_policy_continues_to_learn_on_the_robot_and_acts(
    ros_network: RosNetwork, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reader)
    terminals = Terminals(ros_network, reader)
    *_, robot, learn = blocks(PAGE, "bash")
    _, train, play = learn.splitlines()
    with terminals.stays(robot):
        rl_pipeline(train)
        acting = terminals.run(play)
    assert acting.returncode == 0, acting.stderr
    assert "episode 2: return" in acting.stdout + acting.stderr
    [simulated] = reader.glob("experiments/*/ppo/simulated*/checkpoints/best")
    [init] = reader.glob("experiments/*/ppo/robot*/checkpoints/init")
    brought, learnt = weights(init), weights(simulated)
    assert all(torch.equal(brought[name], learnt[name]) for name in learnt)
