"""`rl-pipeline replay`: what it prints, its exit status, and what it refuses."""

import json
from pathlib import Path

import gymnasium
import numpy as np

from rl_pipeline.deploy.cycle import Cycle
from rl_pipeline.deploy.recording import Recorder
from rl_pipeline.policies.exported import KEY, load_exported
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder
from tests.policies.graphs import linear
from tests.policies.test_exported import document

from .conftest import Command

NUMBERS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def record_cartpole(run: RunFolder, wrong_at: int | None = None) -> None:
    """Record an episode of a run's best policy in `robot.mcap`, with one action that it did not choose."""
    policy = load_policy(CheckpointStore(run.checkpoints).find("best").path)
    recorder = Recorder(Path("robot.mcap"), {}, "", max_bytes=2**24)
    env = gymnasium.make("CartPole-v1")
    observation, _ = env.reset(seed=0)
    memory, number, over = None, 0, False
    while not over:
        actions, memory = policy.act(observation[None], memory, np.array([number == 0]))
        action = 1 - actions[0] if number == wrong_at else actions[0]
        recorder.write(Cycle(number * 10**7, "active", number == 0, observation, action, action))
        observation, _, over, _, _ = env.step(actions[0])
        number += 1
    recorder.event(number * 10**7, "error", "stopped: \x1b[31mlate cycle")
    recorder.close()


def test_a_run_gives_the_actions_that_were_recorded(command: Command, trained: RunFolder) -> None:
    record_cartpole(trained)
    trained.exported.unlink()
    outcome = command("replay", "robot.mcap", "tiny")
    assert (outcome.status, outcome.error) == (0, "")
    assert "cycles in 0." in outcome.output
    assert " per second: active " in outcome.output
    assert "error: stopped: ?[31mlate cycle" in outcome.output
    assert "largest difference 0\nNo action differs by more than 1e-05." in outcome.output
    assert command("replay", "robot_0001.mcap", "tiny", "--checkpoint", "best").status == 0


def test_actions_that_differ_end_with_status_1(command: Command, trained: RunFolder) -> None:
    record_cartpole(trained, wrong_at=3)
    outcome = command("replay", "robot.mcap", "tiny", "--checkpoint", "best")
    assert outcome.status == 1
    assert (
        "differs by more than 1e-05 is in cycle 4 of robot_0001.mcap, 1970-01-01 00:00:00.030Z"
        in outcome.output
    )
    assert command("replay", "robot.mcap", "tiny", "--checkpoint", "best", "--tolerance", "1").status == 0


def record_linear(file: Path) -> None:
    """Record five cycles of the policy in an ONNX file."""

    exported = load_exported(file)
    recorder = Recorder(Path("robot.mcap"), exported.document, exported.sha256, max_bytes=2**24)
    for number, observation in enumerate(NUMBERS):
        actions, _ = exported.policy.act(observation[None], None, np.array([number == 0]))
        recorder.write(Cycle(number, "shadow", number == 0, observation, actions[0], None))
    recorder.close()


def test_an_exported_file_is_enough(command: Command) -> None:
    file = linear(Path("policy.onnx"), metadata={KEY: json.dumps(document())})
    record_linear(file)
    outcome = command("replay", "robot_0001.mcap", "policy.onnx")
    assert (outcome.status, outcome.error) == (0, "")
    assert "5 actions recomputed with policy.onnx; largest difference 0\n" in outcome.output
    assert "another file" not in outcome.output
    linear(Path("other.onnx"), metadata={KEY: json.dumps(document(run="other"))})
    outcome = command("replay", "robot_0001.mcap", "other.onnx")
    assert outcome.status == 0
    assert "recorded with another file, of SHA-256 " in outcome.output


def test_the_exported_policy_of_a_run_is_preferred(command: Command, trained: RunFolder) -> None:
    record_linear(linear(trained.path / "policy.onnx", metadata={KEY: json.dumps(document())}))
    outcome = command("replay", "robot.mcap", "tiny")
    assert outcome.status == 0
    assert f"5 actions recomputed with {trained.path}/policy.onnx" in outcome.output


def test_what_cannot_be_replayed_is_refused(command: Command, trained: RunFolder) -> None:
    record_cartpole(trained)
    Path("text.mcap").write_text("text" * 20)
    linear(Path("policy.onnx"), metadata={KEY: json.dumps(document())})
    linear(Path("bare.onnx"))
    content = bytearray(Path("robot_0001.mcap").read_bytes())
    content[content.index(b"zstd") + 60] ^= 0xFF
    Path("damaged.mcap").write_bytes(content)
    refusals = {
        ("text.mcap", "tiny"): "text.mcap is damaged or not an MCAP file",
        ("damaged.mcap", "tiny"): "damaged.mcap is damaged or not an MCAP file",
        ("robt.mcap", "tiny"): "the recording robt.mcap does not exist",
        ("robot.mcap", "policy.onnx"): "robot_0001.mcap was recorded with another policy: its action is ()",
        ("robot.mcap", "bare.onnx"): "bare.onnx does not describe its observations and actions",
        ("robot.mcap", "absent.onnx"): "absent.onnx cannot be loaded",
        ("robot.mcap", "tinny"): "Did you mean 'tiny'?",
        ("robot.mcap", "policy.onnx", "--checkpoint", "best"): "--checkpoint selects a checkpoint of a run",
        ("robot.mcap", "tiny", "--tolerance", "-1"): "'-1' must be a number that is at least 0",
    }
    for words, message in refusals.items():
        outcome = command("replay", *words)
        assert outcome.status == 2, words
        assert message in outcome.error
