"""A wheel without extras, in an environment without the training stack: policies act there."""

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.deploy.export import export_policy
from rl_pipeline.deploy.recording import Cycle, Recorder
from rl_pipeline.policies.exported import KEY
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.run import reports
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import run_of
from tests.policies.graphs import WEIGHTS, linear
from tests.policies.test_exported import document

BASE = {"mcap", "numpy", "onnxruntime", "pydantic", "PyYAML", "typing_extensions", "zstandard"}
TRANSFORM = """
import sys
from pathlib import Path
import numpy as np
from rl_pipeline.policies.spec import read_spec

spec = read_spec(Path(sys.argv[1]))
episode_starts = np.array([True, True])
states, rows = [], []
for observation in np.load(sys.argv[2]):
    seen, states = spec.chain.observe(observation, states, episode_starts)
    rows.append(seen)
    episode_starts = np.array([False, False])
np.save("seen.npy", rows)
print(spec.kind, spec.action, sorted({"torch", "gymnasium", "mujoco", "stable_baselines3"} & sys.modules.keys()))
"""
ONNX = """
import sys
from pathlib import Path
from rl_pipeline.policies.onnx import OnnxPolicy
try:
    OnnxPolicy(Path("absent.onnx"))
except Exception as error:
    print(type(error).__name__, sorted({"torch", "gymnasium", "mujoco"} & sys.modules.keys()))
"""
EXPORTED = """
import sys
from pathlib import Path
import numpy as np
from rl_pipeline.policies.exported import load_exported

exported = load_exported(Path(sys.argv[1]))
memory, starts, rows = None, np.array([True, True]), []
for observation in np.load(sys.argv[2]):
    actions, memory = exported.policy.act(observation, memory, starts)
    rows.append(actions)
    starts = np.array([False, False])
np.save("actions.npy", rows)
training_stack = {"torch", "gymnasium", "mujoco", "stable_baselines3", "sb3_contrib", "jax", "onnx"}
print(exported.spec.kind, exported.spec.action, sorted(training_stack & sys.modules.keys()))
"""
RECORD = """
import sys
from pathlib import Path
import numpy as np
from rl_pipeline.deploy.recording import Cycle, Recorder
from rl_pipeline.deploy.recording_reader import RecordingPart
recorder = Recorder(Path("robot.mcap"), {}, "", max_bytes=2**20)
recorder.write(Cycle(1, "active", True, np.zeros(3), np.zeros(2), np.zeros(2)))
recorder.close()
print(*[entry.cycle.state for entry in RecordingPart(Path("robot_0001.mcap")).entries()])
print(sorted({"torch", "gymnasium", "mujoco", "rclpy"} & sys.modules.keys()))
"""
LOAD = """
import sys
from pathlib import Path
from rl_pipeline.policies.loading import load_policy
load_policy(Path(sys.argv[1]))
"""


OLDEST = "python3.10"
"""Policies act on it, though the training stack needs a later one."""


def distributions(names: set[str]) -> set[NormalizedName]:
    """Return the names of packages and of all that they need here."""
    found: set[NormalizedName] = set()
    waiting = {canonicalize_name(name) for name in names}
    while waiting:
        name = waiting.pop()
        found.add(name)
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting |= {canonicalize_name(requirement.name)} - found
    return found


@pytest.fixture(scope="module")
def base_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and its base dependencies, which are linked from this one."""
    folder = tmp_path_factory.mktemp("base")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
    zipfile.ZipFile(wheel).extractall(packages)
    [metadata] = packages.glob("rl_pipeline-*.dist-info")
    requirements = [Requirement(text) for text in Distribution.at(metadata).requires or []]
    base = {one.name for one in requirements if one.marker is None}
    assert base == BASE
    for name in distributions(base):
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (packages / top).symlink_to(distribution(name).locate_file(top))
    return folder / "venv" / "bin" / "python"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    mapping = {
        "experiment": {"name": "pendulum", "folder": str(folder)},
        "environment": {
            "id": "Pendulum-v1",
            "normalize": True,
            "wrappers": [{"frame_stack": {"n_frames": 2}}, {"action_history": {"n_actions": 1}}],
        },
        "training": {
            "algorithm": "a2c",
            "training": {"total_timesteps": 20, "verbose": 0, "device": "cpu", "eval": {"num_evals": 0}},
            "tensorboard": False,
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reports, "plot_progress", lambda folder: None)
        run, _, _ = run_plan(Plan(load_config_mapping(mapping).config))
    return choose_checkpoint(run).path


def run_base(python: Path, folder: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, "-I", *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


def test_spec_and_transforms_work(base_python: Path, checkpoint: Path, tmp_path: Path) -> None:
    observations = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    np.save(tmp_path / "raw.npy", observations)
    result = run_base(base_python, tmp_path, "-c", TRANSFORM, checkpoint, tmp_path / "raw.npy")
    assert result.stdout == "learner box (1,) float32 []\n", result.stderr
    with np.load(checkpoint / "normalizer.npz") as statistics:
        mean, var = statistics["observation.mean"], statistics["observation.var"]
    before = np.concatenate([observations[:1], observations[:-1]])
    stacked = np.concatenate([before, observations, np.zeros((4, 2, 1))], axis=2, dtype=np.float32)
    expected = np.clip((stacked - mean) / np.sqrt(var + 1e-8), -10, 10).astype(np.float32)
    np.testing.assert_array_equal(np.load(tmp_path / "seen.npy"), expected)


def test_onnx_files_need_nothing_else(base_python: Path, tmp_path: Path) -> None:
    result = run_base(base_python, tmp_path, "-c", ONNX)
    assert result.stdout == "PolicyFileError []\n", result.stderr


def test_an_exported_policy_acts_as_its_checkpoint(
    base_python: Path, checkpoint: Path, tmp_path: Path
) -> None:
    run = run_of(checkpoint)
    file = export_policy(run, Checkpoint(checkpoint), tmp_path / "policy.onnx").file
    observations = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    np.save(tmp_path / "raw.npy", observations)
    result = run_base(base_python, tmp_path, "-c", EXPORTED, file, tmp_path / "raw.npy")
    assert result.stdout == "onnx box (1,) float32 []\n", result.stderr
    policy, memory, expected = load_policy(checkpoint), None, []
    for step, observation in enumerate(observations):
        actions, memory = policy.act(observation, memory, np.full(2, step == 0))
        expected.append(actions)
    np.testing.assert_allclose(np.load(tmp_path / "actions.npy"), expected, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_an_exported_policy_acts_on_the_oldest_python(wheel: Path, checkpoint: Path, tmp_path: Path) -> None:
    interpreter = shutil.which(OLDEST)
    if interpreter is None:
        pytest.skip(f"{OLDEST} is not in PATH")
    subprocess.run([interpreter, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True, timeout=300)
    file = export_policy(run_of(checkpoint), Checkpoint(checkpoint), tmp_path / "policy.onnx").file
    observations = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    np.save(tmp_path / "raw.npy", observations)
    result = run_base(python, tmp_path, "-c", EXPORTED, file, tmp_path / "raw.npy")
    assert result.stdout == "onnx box (1,) float32 []\n", result.stderr
    assert np.isfinite(np.load(tmp_path / "actions.npy")).all()
    assert run_base(python, tmp_path, "-m", "rl_pipeline", "replay", "--help").returncode == 0


def test_recordings_are_written_and_read(base_python: Path, tmp_path: Path) -> None:
    result = run_base(base_python, tmp_path, "-c", RECORD)
    assert result.stdout == "active\n[]\n", result.stderr


def test_recordings_are_replayed(base_python: Path, tmp_path: Path) -> None:
    linear(tmp_path / "policy.onnx", metadata={KEY: json.dumps(document())})
    recorder = Recorder(tmp_path / "robot.mcap", document(), "", max_bytes=2**20)
    for number in range(3):
        observation = np.full(4, number, np.float32)
        recorder.write(Cycle(number, "active", number == 0, observation, observation @ WEIGHTS, None))
    recorder.close()
    result = run_base(base_python, tmp_path, "-m", "rl_pipeline", "replay", "robot.mcap", "policy.onnx")
    assert result.returncode == 0, result.stderr
    assert "3 actions recomputed with policy.onnx" in result.stdout


def test_networks_ask_for_the_training_stack(base_python: Path, checkpoint: Path, tmp_path: Path) -> None:
    result = run_base(base_python, tmp_path, "-c", LOAD, checkpoint)
    assert result.returncode != 0
    assert "pip install 'rl-pipeline[train]'" in result.stderr


@pytest.mark.parametrize("command", ["train environment.id=CartPole-v1", "schema", "init"])
def test_a_command_for_training_says_what_is_missing(base_python: Path, tmp_path: Path, command: str) -> None:
    name, *arguments = command.split()
    result = run_base(base_python, tmp_path, "-m", "rl_pipeline", name, *arguments)
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith(f"rl-pipeline {name}: it needs ")
    assert list(tmp_path.iterdir()) == []
    assert "pip install 'rl-pipeline[train]'" in result.stderr
