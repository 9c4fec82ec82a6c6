import math
from collections.abc import Callable

import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.training import EvaluationInterval
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.periodic_evaluation import PeriodicEvaluation, interval
from rl_pipeline.run.training_state import Progression

from .conftest import MakeConfig, are_equal, curve, parameters, sample_env


def training_returns(run: RunFolder) -> list[str]:
    return [row["rollout/ep_rew_mean"] for row in curve(run) if row["rollout/ep_rew_mean"]]


@pytest.mark.parametrize("workers", [0, 1])
def test_evaluations_leave_no_trace_in_the_training(workers: int, train: Callable[..., RunFolder]) -> None:
    overrides = ["environment.normalize=true", f"environment.n_workers={workers}"]
    without = train("a2c", *overrides, "training.training.eval.num_evals=0")
    often = train("a2c", *overrides, "training.training.eval.num_evals=4")
    assert len(curve(often, "evaluations.csv")) == 5  # timestep 0 as well
    assert not (without.path / "evaluations.csv").read_text().strip().splitlines()[1:]
    assert are_equal(parameters(without), parameters(often))
    assert training_returns(often) == training_returns(without)


def test_evaluations_of_sampled_actions_leave_no_trace_either(train: Callable[..., RunFolder]) -> None:
    overrides = ["environment.normalize=true", "training.training.eval.num_evals=4"]
    likely = train("a2c", *overrides)
    sampled, again = (
        train("a2c", *overrides, "training.training.eval.deterministic=false") for _ in range(2)
    )
    assert are_equal(parameters(likely), parameters(sampled))
    returns = [
        [row["eval/mean_reward"] for row in curve(run, "evaluations.csv")] for run in (likely, sampled, again)
    ]
    assert returns[0] != returns[1] == returns[2]


def test_the_best_policy_is_kept(train: Callable[..., RunFolder]) -> None:
    run = train(
        "a2c", "training.training.eval.num_evals=4", "training.algorithm_parameters.learning_rate=0.1"
    )
    rows = curve(run, "evaluations.csv")
    best = max(rows, key=lambda row: float(row["eval/mean_reward"]))
    manifest = CheckpointStore(run.checkpoints).find("best").manifest()
    assert manifest["timestep"] == int(best["timestep"])
    assert manifest["mean_return"] == float(best["eval/mean_reward"])


def test_nothing_is_kept_as_best_when_nobody_wants_it(train: Callable[..., RunFolder]) -> None:
    run = train("a2c", "training.checkpoint.keep_best=false")
    assert not (run.checkpoints / "best").exists()


def test_the_k_best_policies_are_kept(train: Callable[..., RunFolder]) -> None:
    run = train(
        "a2c",
        "training.checkpoint.keep_best=2",
        "training.training.eval.num_evals=4",
        "training.algorithm_parameters.learning_rate=0.1",
    )
    trained = curve(run, "evaluations.csv")[1:]
    ranked = sorted(trained, key=lambda row: -float(row["eval/mean_reward"]))
    store = CheckpointStore(run.checkpoints)
    assert [one.timestep for one in store.top()] == [int(row["timestep"]) for row in ranked[:2]]
    assert store.find("best").timestep == store.top()[0].timestep
    assert not store.top()[1].resumable


def test_evaluations_come_at_the_given_frequency(train: Callable[..., RunFolder]) -> None:
    run = train("a2c", "training.training.eval.frequency=30")
    assert [int(row["timestep"]) for row in curve(run, "evaluations.csv")] == [0, 30, 60, 80]


@pytest.mark.parametrize(
    ("returns", "best", "without_improvement"),
    [
        ([1.0, 3.0, 2.0], 3.0, 1),
        ([1.0, 1.4, 2.0], 2.0, 0),
        ([1.0, 1.1, 1.2], 1.2, 2),
        ([math.nan, 1.0], 1.0, 0),
        ([1.0, math.nan], 1.0, 1),
    ],
)
def test_the_best_return_and_the_patience_are_counted(
    returns: list[float], best: float, without_improvement: int, make_config: MakeConfig
) -> None:
    progression = Progression()
    config = make_config(sample_env(), "a2c", "training.training.early_stopping.min_delta=0.5")
    evaluation = PeriodicEvaluation(config, progression)
    assert not evaluation._note(9.0, 0)  # before any training
    for timestep, mean_return in enumerate(returns, start=1):
        evaluation._note(mean_return, timestep)
    evaluation.close()
    assert progression.best_mean_return == best
    assert progression.evaluations_without_improvement == without_improvement
    assert progression.last_evaluation_timestep == len(returns)


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ({}, None),
        ({"eval/distance": 4.0}, None),
        ({"eval/distance": 6.0}, 20),
        ({"eval/distance": 12.0}, 10),
        ({"eval/distance": 25.0}, 40),
    ],
)
def test_the_last_interval_that_is_reached_counts(summary: dict[str, float], expected: int | None) -> None:
    steps = [(5.0, 20), (10.0, 10), (20.0, 40)]
    intervals = [EvaluationInterval(metric="distance", at_least=a, frequency=b) for a, b in steps]
    assert interval(intervals, summary) == expected


def test_unknown_metrics_are_refused_before_the_training(train: Callable[..., RunFolder]) -> None:
    with pytest.raises(ConfigError, match="did you mean: distance_final") as error:
        train("a2c", "training.training.early_stopping.metric_thresholds={distance_finl: 1.0}")
    assert "training.training.early_stopping.metric_thresholds" in str(error.value)
