"""Checkpoints that are cut short, altered, gone, or somebody else's."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rl_pipeline.config.loading import dump_config
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError
from rl_pipeline.run.environments import make_training_env
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.plan import plan_auto, plan_resume
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import open_policy, stored_config

from .conftest import MakeConfig, are_equal, parameters, sample_env

MORE = "training.training.total_timesteps=120"
Train = Callable[..., RunFolder]


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def alter(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Checkpoint], None]] = {
    "state cut short": lambda checkpoint: cut_short(checkpoint.path / "state.npz"),
    "state altered": lambda checkpoint: alter(checkpoint.path / "state.npz"),
    "model altered": lambda checkpoint: alter(checkpoint.path / "model.zip"),
    "model gone": lambda checkpoint: (checkpoint.path / "model.zip").unlink(),
    "manifest emptied": lambda checkpoint: (checkpoint.path / "checkpoint.json").write_text(""),
    "manifest gone": lambda checkpoint: (checkpoint.path / "checkpoint.json").unlink(),
}


def config_file(run: RunFolder, tmp_path: Path) -> Path:
    """Write the configuration that a run was started with."""
    path = tmp_path / "experiment.yaml"
    path.write_text(
        dump_config(stored_config(run)).replace(str(run.path / "code"), str(Path(__file__).parent))
    )
    return path


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_last_good_checkpoint_is_used(
    damage: str, train: Train, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = train("a2c", MORE)
    whole = parameters(run)
    store = CheckpointStore(run.checkpoints)
    for name in ("final", "step_000000120"):
        DAMAGES[damage](store.find(name))
    (run.path / "run.json").unlink()
    plan = plan_auto(config_file(run, tmp_path))
    assert plan.resume is not None
    assert plan.resume.name == "step_000000090"
    assert caplog.text.count("checkpoints/final") == 1
    assert caplog.text.count("checkpoints/step_000000120") == 1
    run_plan(plan)
    assert are_equal(parameters(run), whole)
    for checkpoint in store.all():
        checkpoint.verify()


def test_a_run_without_any_good_checkpoint_is_refused_or_started_anew(
    train: Train, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = train()
    for checkpoint in CheckpointStore(run.checkpoints).all():
        cut_short(checkpoint.path / "model.zip")
    with pytest.raises(
        CheckpointError, match=r"no good checkpoint to resume from; start a new run with --config"
    ):
        plan_resume(str(run.path), [MORE])
    plan = plan_auto(config_file(run, tmp_path))
    assert plan.folder is None
    assert plan.resume is None
    assert f"{run.path} has no good checkpoint; a new run is started" in caplog.text


def test_a_damaged_policy_is_not_played(train: Train) -> None:
    run = train()
    best = CheckpointStore(run.checkpoints).find("best")
    alter(best.path / "model.zip")
    with pytest.raises(CheckpointError, match=r"model\.zip was changed"), open_policy(run, best):
        pass


CHANGES = {
    "environment.n_environments=3": "has 2 environments of SampleEnv, but this batch has 3",
    "environment.normalize=true": "holds 1 wrappers, the environment has 3",
    "environment.kwargs={observation: image}": "does not fit",
    "training.architecture.net_arch=[9]": r"size mismatch",
    "training.algorithm=ppo": "another kind of optimizer",
    "training.algorithm=dqn": r"does not fit",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_does_not_fit_is_refused_and_spoils_nothing(change: str, train: Train) -> None:
    run = train()
    before = {path: path.read_bytes() for path in sorted(run.path.rglob("*")) if path.is_file()}
    metadata = read_metadata(run)
    plan = plan_resume(str(run.path), [MORE, change])
    with pytest.raises(CheckpointError, match=CHANGES[change]):
        run_plan(plan)
    assert read_metadata(run) == metadata
    assert {path: path.read_bytes() for path in before} == before
    _, result, _ = run_plan(plan_resume(str(run.path), [MORE]))
    assert result.timestep == 120


FOREIGN = {
    "another algorithm": ("a2c", "ppo", (), "another kind of optimizer"),
    "another family": ("a2c", "dqn", (), "does not fit this model"),
    "other networks": ("a2c", "a2c", ("training.architecture.net_arch=[9]",), "size mismatch"),
    "another action space": ("a2c", "a2c", ("environment.kwargs={action: box}",), "does not fit this model"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_policy_to_start_from_is_refused_and_leaves_no_run(
    case: str, train: Train, tmp_path: Path
) -> None:
    first, second, overrides, message = FOREIGN[case]
    run = train(first)
    with pytest.raises(CheckpointError, match=message):
        train(second, f"training.pretrained_model={run.model}", *overrides)
    assert find_runs(tmp_path / "experiments") == [run]
    assert [path.parent for path in (tmp_path / "experiments").rglob("checkpoints")] == [run.path]


def test_a_training_starts_from_the_policy_and_statistics_of_another(train: Train) -> None:
    first = train("a2c", "environment.normalize=true")
    second = train(
        "a2c",
        "environment.normalize=true",
        f"training.pretrained_model={first.path}",
        "training.algorithm_parameters.learning_rate=0.0",
        "training.training.total_timesteps=10",
    )
    assert are_equal(parameters(second), parameters_of(first, "best"))
    statistics = (CheckpointStore(second.checkpoints).find("init").path / "normalizer.npz").read_bytes()
    assert (
        statistics == (CheckpointStore(first.checkpoints).find("best").path / "normalizer.npz").read_bytes()
    )


def parameters_of(run: RunFolder, checkpoint: str) -> dict:
    return parameters(RunFolder(CheckpointStore(run.checkpoints).find(checkpoint).path))


class Payload:
    """Stands for what a pickle from elsewhere may execute."""


def test_a_file_with_more_than_networks_is_refused_and_not_executed(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(sample_env(), "a2c")
    env = make_training_env(config, tmp_path)
    learner = SB3Learner(config.training, env, seed=0)
    weights = io.BytesIO()
    torch.save({"weights": Payload()}, weights)
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("data", "{}")
        archive.writestr("policy.pth", weights.getvalue())
    with pytest.raises(
        PolicyFileError, match=r"model\.zip contains more than networks, which could execute code"
    ):
        learner.policy.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_model_is_refused(content: bytes, make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config(sample_env(), "a2c")
    env = make_training_env(config, tmp_path)
    learner = SB3Learner(config.training, env, seed=0)
    (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(PolicyFileError, match=r"model\.zip does not fit this model"):
        learner.policy.load(tmp_path)
