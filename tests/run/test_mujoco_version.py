from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.metadata import read_metadata, update_metadata
from rl_pipeline.run.mujoco_version import mujoco_changes
from rl_pipeline.run.plan import plan_resume
from rl_pipeline.run.train import run_plan

Train = Callable[..., RunFolder]
NOW = version("mujoco")
PENDULUM = Environment.model_validate({"id": "InvertedPendulum-v5", "backend": "mujoco"})


def with_mujoco(run: RunFolder, mujoco: str) -> None:
    """Let a run look as if another version of MuJoCo had trained it."""
    update_metadata(run, versions={**read_metadata(run)["versions"], "mujoco": mujoco})


def resume(run: RunFolder, total_timesteps: int) -> None:
    run_plan(plan_resume(str(run.path), [f"training.training.total_timesteps={total_timesteps}"]))


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "MuJoCo" in message]


def test_a_run_that_continues_with_another_version_warns_once_and_keeps_both(
    train: Train, caplog: pytest.LogCaptureFixture
) -> None:
    run = train("a2c", "environment.backend=mujoco", environment_id="InvertedPendulum-v5")
    with_mujoco(run, "3.11.0")
    resume(run, 160)
    (warning,) = warnings_of(caplog)
    assert f"trained with MuJoCo 3.11.0 and continues with MuJoCo {NOW} from timestep 80 on" in warning
    assert warning in (run.path / "log.txt").read_text()
    assert read_metadata(run)["versions"]["mujoco"] == NOW
    assert read_metadata(run)["mujoco_changes"] == [{"timestep": 80, "from": "3.11.0", "to": NOW}]
    resume(run, 240)
    assert len(warnings_of(caplog)) == 1
    with_mujoco(run, "3.20.0")
    evaluate_checkpoint(run, choose_checkpoint(run))
    resume(run, 320)
    assert [change["from"] for change in read_metadata(run)["mujoco_changes"]] == ["3.11.0", "3.20.0"]


def test_gymnasiums_environments_are_named_too() -> None:
    environment = Environment(id="HalfCheetah-v5")
    assert mujoco_changes({"versions": {"mujoco": "3.11.0"}}, environment, 5)


@pytest.mark.parametrize(
    "environment",
    [{"id": "CartPole-v1"}, {"id": "Tank", "backend": "unity"}],
    ids=lambda section: section["id"],
)
def test_runs_without_mujoco_say_nothing(environment: dict[str, Any]) -> None:
    metadata = {"versions": {"mujoco": "3.11.0"}}
    assert mujoco_changes(metadata, Environment.model_validate(environment), 5) == {}


@pytest.mark.parametrize(
    "metadata",
    [{}, {"versions": None}, {"versions": {"mujoco": None}}, {"versions": {"mujoco": "\x1b[2J"}}],
    ids=repr,
)
def test_a_version_that_is_not_known_says_nothing(metadata: dict[str, Any]) -> None:
    assert mujoco_changes(metadata, PENDULUM, 5) == {}
