"""An exported policy acts like its checkpoint and says what it knows; one that acts otherwise is not written."""

import json
import logging
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.backend import Gymnasium, Traits
from rl_pipeline.deploy import parity
from rl_pipeline.deploy.export import export_at_end, export_policy
from rl_pipeline.deploy.parity import ParityError
from rl_pipeline.learners.acting_network import CannotExportError
from rl_pipeline.policies.exported import ExportedPolicy, load_exported
from rl_pipeline.policies.loading import PolicyNeedsMoreError, load_policy
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.policy import Policy
from rl_pipeline.policies.spec import Signal
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from tests.run.conftest import Train

OLD = Path(__file__).parents[1] / "data" / "run_of_0.1.0"
NORMALIZED = "environment.normalize=true"
HISTORY_INSIDE = "environment.wrappers=[{action_history: {n_actions: 2}}, {frame_stack: {n_frames: 3}}]"
HISTORY_OUTSIDE = "environment.wrappers=[{frame_stack: {n_frames: 3}}, {action_history: {n_actions: 2}}]"
SELECTED = "environment.wrappers=[{select_observations: {indices: [1]}}, {frame_stack: {n_frames: 2}}]"
SDE = "training.algorithm_parameters.use_sde=true"
CASES = {
    "all transforms": ("ppo", HISTORY_OUTSIDE, NORMALIZED, "training.algorithm_parameters.batch_size=8"),
    "history inside": ("a2c", HISTORY_INSIDE, NORMALIZED),
    "numbers left out": ("a2c", SELECTED, NORMALIZED),
    "recurrent": ("recurrent_ppo", HISTORY_OUTSIDE, NORMALIZED, "training.algorithm_parameters.batch_size=8"),
    "dict with a picture": (
        "a2c",
        "environment.kwargs={observation: dict, action: box}",
        HISTORY_OUTSIDE,
        NORMALIZED,
    ),
    "pictures": (
        "a2c",
        "environment.kwargs={observation: image}",
        "environment.wrappers=[{frame_stack: {n_frames: 2}}]",
    ),
    "squashed boxes": ("sac", "environment.kwargs={action: box}", HISTORY_OUTSIDE, SDE),
    "boxes": ("a2c", "environment.kwargs={action: box}", SDE),
    "several branches": ("a2c", "environment.kwargs={action: multi_discrete}", HISTORY_OUTSIDE),
    "binary actions": ("a2c", "environment.kwargs={action: multi_binary}", HISTORY_OUTSIDE),
}
NETWORK = """\
import torch
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor

class Mine(BaseFeaturesExtractor):
    def __init__(self, observation_space, features_dim=8):
        super().__init__(observation_space, features_dim)
        self.layers = torch.nn.Sequential(torch.nn.Linear(observation_space.shape[0], 8), torch.nn.LayerNorm(8))

    def forward(self, observations):
        {}
"""


def export(run: RunFolder) -> ExportedPolicy:
    return load_exported(export_policy(run, choose_checkpoint(run), run.path / "policy.onnx").file)


def sample(rng: np.random.Generator, signal: Signal, n: int) -> np.ndarray:
    low, high = (np.broadcast_to(limit, (n, *signal.shape)) for limit in (signal.low, signal.high))
    if np.dtype(signal.dtype).kind == "f":
        return rng.uniform(low, high).astype(signal.dtype)
    return rng.integers(low, high, endpoint=True).astype(signal.dtype)


def act(policy: Policy[Any], observations: list[Observation], starts: np.ndarray) -> np.ndarray:
    memory, rows = None, []
    for observation, start in zip(observations, starts, strict=True):
        actions, memory = policy.act(observation, memory, start)
        rows.append(actions)
    return np.array(rows)


@pytest.mark.parametrize("case", CASES)
def test_it_acts_like_its_checkpoint(case: str, train: Train) -> None:
    algorithm, *overrides = CASES[case]
    small = ["training.algorithm_parameters.learning_starts=20"] if algorithm == "sac" else []
    run = train(algorithm, *overrides, *small)
    exported = export(run)
    spec, rng = exported.spec, np.random.default_rng(0)
    n, n_steps = 5, 12  # episodes that start at different times
    parts = spec.observation if isinstance(spec.observation, dict) else {"observation": spec.observation}
    observations: list[Observation] = []
    for _ in range(n_steps):
        values = {key: sample(rng, signal, n) for key, signal in parts.items()}
        observations.append(values if isinstance(spec.observation, dict) else values["observation"])
    starts = rng.random((n_steps, n)) < 0.2
    starts[0] = True
    expected = act(load_policy(choose_checkpoint(run).path), observations, starts)
    found = act(exported.policy, observations, starts)
    assert found.dtype == np.dtype(spec.action.dtype)
    np.testing.assert_allclose(found, expected, atol=1e-5 if spec.action.kind == "box" else 0, rtol=0)
    assert (spec.kind, spec.transforms, spec.inputs is not None) == ("onnx", (), True)


def test_file_and_report_say_the_same(train: Train) -> None:
    run = train("a2c", "environment.backend=mujoco", environment_id="Hopper-v5")
    exported = export(run)
    report = json.loads((run.path / "policy.parity.json").read_text())
    assert (report.pop("file"), report.pop("sha256")) == ("policy.onnx", exported.sha256)
    assert report == exported.document
    assert report["run"] == run.name
    assert (report["environment"], report["algorithm"], report["checkpoint"]) == ("Hopper-v5", "a2c", "best")
    assert report["timestep"] == choose_checkpoint(run).timestep
    assert report["joints"] == ["thigh_joint", "leg_joint", "foot_joint"]
    assert report["parity"]["observations"] == "episodes of its environment"
    assert report["parity"]["n_observations"] == 1000
    assert report["parity"]["largest_error"] <= report["parity"]["limit"] == 1e-5
    assert exported.spec.rate == pytest.approx(125)
    observation = exported.spec.observation
    assert isinstance(observation, Signal)
    assert (observation.names[0], observation.units[0]) == ("rootz.position", "m")
    assert "The units of any number of the action are not known." in report["missing"]
    assert not any("names" in sentence for sentence in report["missing"])


def test_a_run_of_version_0_1_0_says_what_is_missing(tmp_path: Path) -> None:
    run = RunFolder(shutil.copytree(OLD, tmp_path / "run"))
    before = sorted(path for path in run.path.rglob("*"))
    exported = load_exported(export_policy(run, choose_checkpoint(run), tmp_path / "old.onnx").file)
    assert sorted(path for path in run.path.rglob("*")) == before
    assert exported.document["parity"]["largest_error"] <= 1e-5
    missing = " ".join(exported.document["missing"])
    assert "The names of the numbers of 'observation' are not known." in missing
    assert "Version 0.1.0 wrote the checkpoint without a description of its policy" in missing


def test_a_policy_that_acts_otherwise_is_not_written(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train("a2c", "environment.kwargs={action: box}")
    file = run.path / "policy.onnx"
    file.write_text("older")
    monkeypatch.setattr(parity, "LIMIT", -1.0)
    with pytest.raises(
        ParityError, match=r"largest error is .* the limit is -1\. Number \d of the action on"
    ):
        export_policy(run, choose_checkpoint(run), file)
    assert file.read_text() == "older"
    assert not (run.path / "policy.parity.json").exists()


def test_programs_and_robots_are_left_alone(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train("recurrent_ppo", "training.algorithm_parameters.batch_size=8", NORMALIZED)
    elsewhere = property(lambda self: Traits(renders=False, exact_state=False, real_time=True))
    monkeypatch.setattr(Gymnasium, "traits", elsewhere)
    import rl_pipeline.envs.factory as factory

    monkeypatch.setattr(factory, "open_vector_env", lambda *_, **__: pytest.fail("an environment was made"))
    exported = export(run)
    assert exported.document["parity"]["observations"].startswith("random numbers within the limits")
    assert exported.document["parity"]["n_observations"] == 1000
    assert 4 < exported.document["parity"]["n_episodes"] < 200


def test_networks_of_users_are_exported_where_torch_can(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    setting = f"training.architecture.features_extractor_class={file}:Mine"
    file.write_text(NETWORK.format("return torch.nn.functional.mish(self.layers(observations))"))
    export(train("a2c", setting))
    file.write_text(
        NETWORK.format("return self.layers(observations) + torch.special.i0e(observations[:, :1])")
    )
    run = train("a2c", setting)
    with pytest.raises(CannotExportError, match=r"torch cannot export its network: .*i0e"):
        export(run)


def test_a_training_ends_well_without_an_export(
    train: Train, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train("a2c", "environment.kwargs={action: box}")
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(parity, "LIMIT", -1.0)
    export_at_end(run)
    [record] = caplog.records
    assert re.match(
        r"policy\.onnx was not written: the actions of the exported policy differ", record.message
    )
    assert not run.exported.exists()


def test_wrappers_that_do_not_say_what_they_do_are_refused(train: Train) -> None:
    wrapper = f"{Path(__file__).parents[1] / 'run' / 'sample_envs.py'}:Halved"
    run = train("a2c", f"environment.wrappers=['{wrapper}']")
    with pytest.raises(PolicyNeedsMoreError, match="trained with Halved"):
        export(run)
