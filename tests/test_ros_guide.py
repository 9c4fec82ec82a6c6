import os
import re
import signal
import subprocess
import time
from pathlib import Path

from tests.ros_network import RosNetwork, end

ROOT = Path(__file__).parents[1]
SHORT = (
    "training.training.eval.num_evals=1 evaluation.num_episodes=1 "
    "'environment.wrappers=[{time_limit: {max_episode_steps: 200}}]'"
)
"""The page trains HalfCheetah, whose episodes have 1,000 timesteps, with 8,192 timesteps in an iteration."""


def commands() -> list[str]:
    return re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "ros.md").read_text(), re.DOTALL)


def bash(text: str, network: RosNetwork) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["bash", "-c", text],
        cwd=ROOT,
        env=network.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def test_the_guide_trains_through_a_simulation(ros_network: RosNetwork, tmp_path: Path) -> None:
    serve, train = commands()
    simulation = bash(serve.rstrip().replace("ros_ws/install/lib", "exec ros_ws/install/lib"), ros_network)
    try:
        training = bash(
            f"{train.rstrip()} {SHORT} training.training.total_timesteps=8192 experiment.folder={tmp_path}",
            ros_network,
        )
        output, _ = training.communicate(timeout=240)
    finally:
        end(simulation)
    assert training.returncode == 0, output
    assert "Training finished at timestep" in output
    [film] = tmp_path.rglob("videos/*.mp4")
    assert film.stat().st_size > 10_000
    assert simulation.returncode == 0


def test_a_killed_training_is_resumed_in_the_same_simulation(ros_network: RosNetwork, tmp_path: Path) -> None:
    serve, train = commands()
    keys = f"{SHORT} experiment.folder={tmp_path} evaluation.video=false training.checkpoint.frequency=4096"
    simulation = bash(serve.rstrip().replace("ros_ws/install/lib", "exec ros_ws/install/lib"), ros_network)
    try:
        training = bash(f"{train.rstrip()} {keys} training.training.total_timesteps=10000000", ros_network)
        deadline = time.monotonic() + 120
        while not list(tmp_path.rglob("checkpoints/step_*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        os.killpg(training.pid, signal.SIGKILL)
        end(training)
        [run] = {path.parent for path in tmp_path.rglob("run.json")}
        resumed = bash(
            f"source ros_ws/activate.bash; rl-pipeline train --resume {run} training.training.total_timesteps=20000",
            ros_network,
        )
        output, _ = resumed.communicate(timeout=200)
    finally:
        end(simulation)
    assert resumed.returncode == 0, output
    assert "Training finished at timestep" in output
