"""The page about recordings, run as it stands."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest

from rl_pipeline.deploy.cycle import Cycle
from rl_pipeline.deploy.recording import QUEUE, RETRY_SECONDS, Recorder
from rl_pipeline.deploy.recording_part import CHUNK_SECONDS, EVENTS, FORMAT, METADATA
from rl_pipeline.deploy.recording_reader import MAX_RECORD_BYTES
from rl_pipeline.policies.exported import load_exported
from rl_pipeline.run.folder import find_runs
from tests.documentation import DOCS, commands, run, write_files

PAGE = DOCS / "recordings.md"
EXPERIMENT = """
experiment: {name: cart_pole}
environment: {id: CartPole-v1}
training:
  algorithm: ppo
  algorithm_parameters: {n_steps: 32, batch_size: 32}
  training: {total_timesteps: 32, eval: {num_evals: 0}}
evaluation: {num_episodes: 1, video: false}
"""


def record(folder: Path) -> None:
    """Record 500 cycles of the run's policy."""
    [trained] = find_runs(folder / "experiments")
    exported = load_exported(trained.exported)
    recorder = Recorder(folder / "robot.mcap", exported.document, exported.sha256, max_bytes=2**20)
    env = gymnasium.make("CartPole-v1")
    memory, over = None, True
    for number in range(500):
        if begins := over:
            observation, _ = env.reset(seed=number)
        actions, memory = exported.policy.act(observation[None], memory, np.array([begins]))
        recorder.write(
            Cycle(number * 10**7, "active", begins, observation, actions[0], actions[0].astype(np.float64))
        )
        observation, _, over, _, _ = env.step(actions[0])
    recorder.event(5 * 10**9, "error", "emergency stop")
    recorder.close()


@pytest.mark.timeout(900)
def test_commands_and_program_work(tmp_path: Path) -> None:
    (tmp_path / "cart_pole.yaml").write_text(EXPERIMENT)
    result = run("rl-pipeline train --config cart_pole.yaml", tmp_path)
    assert result.returncode == 0, result.stderr
    record(tmp_path)
    [line] = commands(PAGE)
    replayed = run(line, tmp_path)
    assert replayed.returncode == 0, replayed.stderr
    assert "500 cycles in 5.0 s, 100.0 per second: active 500" in replayed.stdout
    assert "error: emergency stop" in replayed.stdout
    assert "largest difference 0\nNo action differs by more than 1e-05." in replayed.stdout
    write_files(PAGE, tmp_path)
    printed = run("python read_recording.py", tmp_path).stdout.splitlines()
    assert printed[0].startswith("1 active [")
    assert printed[-1] == "error emergency stop"
    assert len(printed) == 501


def test_numbers_and_names_are_those_of_the_code() -> None:
    text = PAGE.read_text()
    assert f"about {CHUNK_SECONDS:g} s" in text
    assert f"({QUEUE:,} cycles, 128 MiB)" in text
    assert f"every {RETRY_SECONDS:g} s" in text
    assert f"more than {MAX_RECORD_BYTES // 2**20} MiB" in text
    assert f"`{EVENTS}`" in text
    assert f"| `format` | `{FORMAT}` |" in text
    assert f"record `{METADATA}`" in text
