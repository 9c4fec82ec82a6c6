import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.config.training import EarlyStopping
from rl_pipeline.learners.learner import NonFiniteError
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.early_stopping import check_finite, reason_to_stop
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.state_file import read_state
from rl_pipeline.run.training_state import Progression

from .conftest import curve, sample_env

NAN_AT_STEP_25 = "environment.kwargs={trouble: nan, trouble_at: 25}"


def of(mean_return: float, **metrics: float) -> dict[str, float]:
    return {"eval/mean_reward": mean_return, **{f"eval/{name}": value for name, value in metrics.items()}}


def test_no_reason_is_needed_to_go_on() -> None:
    assert reason_to_stop(EarlyStopping(), Progression(evaluations_without_improvement=99), of(1e9)) is None


def test_a_reached_threshold_is_a_reason() -> None:
    config = EarlyStopping(reward_threshold=50.0)
    assert reason_to_stop(config, Progression(), of(49.9)) is None
    assert reason_to_stop(config, Progression(), of(50.0)) == "mean return 50.0 reached the threshold 50"
    assert reason_to_stop(config, Progression(), of(math.nan)) is None
    assert reason_to_stop(config, Progression(last_evaluation_timestep=0), of(50.0)) is None


def test_all_thresholds_of_metrics_must_be_reached() -> None:
    config = EarlyStopping(metric_thresholds={"success_rate": 1.0, "distance": 5.0})
    assert reason_to_stop(config, Progression(), of(0.0, success_rate=1.0, distance=4.9)) is None
    assert reason_to_stop(config, Progression(), of(0.0, success_rate=1.0)) is None
    reason = reason_to_stop(config, Progression(), of(0.0, success_rate=1.0, distance=6.0))
    assert reason == "reached success_rate 1, distance 5"


def test_lost_patience_is_a_reason() -> None:
    config = EarlyStopping(patience=3)
    assert reason_to_stop(config, Progression(evaluations_without_improvement=2), of(0.0)) is None
    reason = reason_to_stop(config, Progression(evaluations_without_improvement=3), of(0.0))
    assert reason == "no improvement in 3 evaluations"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_losses_and_returns_must_be_finite(value: float) -> None:
    check_finite({"train/loss": 0.1, "episode/metric": value, "rollout/ep_rew_mean": 1.0})
    with pytest.raises(NonFiniteError, match=r"train/loss = (nan|-?inf)"):
        check_finite({"train/loss": value})


def test_a_training_ends_at_the_threshold(train: Callable[..., RunFolder]) -> None:
    run = train(
        "a2c", "training.training.early_stopping.reward_threshold=10", "training.training.eval.frequency=20"
    )
    metadata = read_metadata(run)
    assert metadata["status"] == "finished"
    assert metadata["timestep"] == 20
    assert "reached the threshold 10" in metadata["reason"]
    assert CheckpointStore(run.checkpoints).find("final").resumable


def test_a_training_ends_when_patience_is_lost(train: Callable[..., RunFolder]) -> None:
    run = train(
        "a2c",
        "training.training.early_stopping={patience: 2, min_delta: 1000}",
        "training.training.eval.frequency=10",
    )
    assert [int(row["timestep"]) for row in curve(run, "evaluations.csv")] == [0, 10, 20, 30]
    assert read_metadata(run)["reason"] == "no improvement in 2 evaluations"


def test_the_untrained_policy_is_neither_best_nor_a_reference(train: Callable[..., RunFolder]) -> None:
    run = train(
        "a2c",
        "training.training.early_stopping.patience=2",
        "training.training.eval.frequency=10",
        environment_id=sample_env("FadingEnv"),
    )
    rows = curve(run, "evaluations.csv")
    returns = [float(row["eval/mean_reward"]) for row in rows]
    assert returns == sorted(returns, reverse=True)
    assert [int(row["timestep"]) for row in rows] == [0, 10, 20, 30]
    assert CheckpointStore(run.checkpoints).find("best").timestep == 10
    assert json.loads((run.path / "stats.json").read_text())["best"]["timestep"] == 10
    assert json.loads((run.path / "eval.json").read_text())["timestep"] == 10


@pytest.mark.parametrize("workers", [0, 2])
def test_nan_ends_a_training_with_a_dump_and_a_good_checkpoint(
    workers: int, train: Callable[..., RunFolder], tmp_path: Path
) -> None:
    with pytest.raises(NonFiniteError) as error:
        train("a2c", NAN_AT_STEP_25, f"environment.n_workers={workers}")
    (run,) = find_runs(tmp_path / "experiments")
    (dump,) = run.checkpoints.glob("nan_step_*")
    good = CheckpointStore(run.checkpoints).newest_good()
    assert good is not None
    assert 0 < good.timestep <= 50
    assert str(dump) in str(error.value)
    assert str(good.path) in str(error.value)
    assert "train/policy_loss = nan" in str(error.value)
    assert "environment 0 returned the reward nan at timestep 50;" in str(error.value)
    assert {"model.zip", "state.npz"} <= {file.name for file in dump.iterdir()}
    assert "environment" in read_state(dump / "state.npz")
    assert read_metadata(run)["status"] == "failed"


def test_the_newest_policy_of_a_run_is_never_a_broken_one(
    train: Callable[..., RunFolder], tmp_path: Path
) -> None:
    with pytest.raises(NonFiniteError):
        train("a2c", NAN_AT_STEP_25)
    (run,) = find_runs(tmp_path / "experiments")
    good = CheckpointStore(run.checkpoints).newest_good()
    assert good is not None
    assert run.model.read_bytes() == (good.path / "model.zip").read_bytes()


def test_nan_between_two_rows_of_the_curve_is_dumped_as_well(train: Callable[..., RunFolder]) -> None:
    with pytest.raises(
        NonFiniteError, match=r"policy\.\S+ is not finite; its state is in \S+/nan_step_0000000"
    ):
        train("a2c", NAN_AT_STEP_25, "training.training.total_timesteps=90000")


@pytest.mark.parametrize("trouble", ["nan observation", "no observation"])
@pytest.mark.parametrize("normalize", ["true", "false"])
def test_an_environment_whose_observation_is_nan_is_named(
    trouble: str, normalize: str, train: Callable[..., RunFolder]
) -> None:
    kwargs = f"environment.kwargs={{trouble: {trouble}, trouble_at: 25}}"
    words = r"environment 0 returned the observation nan at timestep 50; .*its state is in \S+/nan_step_"
    with pytest.raises(NonFiniteError, match=words):
        train("a2c", kwargs, f"environment.normalize={normalize}")


def test_an_environment_without_a_reward_is_named(train: Callable[..., RunFolder]) -> None:
    with pytest.raises(NonFiniteError, match="environment 0 returned the reward nan at timestep 50"):
        train("a2c", "environment.kwargs={trouble: no reward, trouble_at: 25}")


def test_nan_is_borne_where_that_is_asked_for(train: Callable[..., RunFolder]) -> None:
    small = "training.algorithm_parameters={buffer_size: 100, learning_starts: 20}"
    run = train("dqn", NAN_AT_STEP_25, small, "training.training.early_stopping.stop_on_nan=false")
    assert read_metadata(run)["status"] == "finished"
