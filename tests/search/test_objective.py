from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.sweep import AtMinutes, MeanOfLast, Objective
from rl_pipeline.search.objective import (
    NoValueError,
    RunData,
    check_objective,
    evaluations,
    value_of_run,
    values_of_trial,
)
from rl_pipeline.search.pruning import intermediate_values
from rl_pipeline.tracking.csv_file import MINUTES, Series


def run(*values: float, minutes: tuple[float, ...] = (), seed: int = 0) -> RunData:
    """A run with an evaluation every 10 timesteps, and its clock at these."""
    timesteps = np.arange(len(values)) * 10
    metrics = {"eval/mean_reward": Series(timesteps, np.array(values, dtype=float))}
    if minutes:
        metrics[MINUTES] = Series(timesteps, np.array(minutes, dtype=float))
    return RunData(Path("run"), seed, {"gamma": 0.9}, metrics)


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        (Objective(), 3.0),
        (Objective(at="best"), 5.0),
        (Objective(at="best", direction="minimize"), 1.0),
        (Objective(at=MeanOfLast(last=2)), 4.0),
        (Objective(at=MeanOfLast(last=99)), 4.75),
        (Objective(at=AtMinutes(minutes=1.5)), 3.0),
        (Objective(at=AtMinutes(minutes=0.1)), 9.1),
        (Objective(at=AtMinutes(minutes=99.0)), 3.0),
    ],
)
def test_the_value_of_a_run(objective: Objective, value: float) -> None:
    data = run(10.0, 1.0, 5.0, 3.0, minutes=(0.0, 1.0, 2.0, 3.0))
    assert value_of_run(objective, data) == pytest.approx(value)


def test_the_value_of_a_trial_is_the_mean_over_its_runs() -> None:
    assert values_of_trial([Objective(), Objective(at="best")], [run(0, 4, 2), run(0, 1, 0)]) == [1.0, 2.5]


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(NoValueError, match="eval/mean_reward is nan"):
        values_of_trial([Objective()], [run(0, 4, float("nan"))])


def test_a_users_function_gets_the_data_of_all_runs(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "def spread(runs):\n"
        "    ends = [run.metrics['eval/mean_reward'].values[-1] for run in runs]\n"
        "    return max(ends) - min(ends) + runs[1].seed + runs[0].parameters['gamma']\n"
        "def broken(runs):\n    return runs[9]\n"
    )
    objective = Objective(metric=f"{file}:spread")
    check_objective(objective, 0)
    assert values_of_trial([objective], [run(1, 2), run(1, 7, seed=100)]) == [105.9]
    assert value_of_run(objective, run(1, 2)) is None
    with pytest.raises(NoValueError, match=r"broken failed: IndexError"):
        values_of_trial([Objective(metric=f"{file}:broken")], [run(1, 2)])
    with pytest.raises(ConfigError, match=r"has no function spred[\s\S]*did you mean: spread"):
        check_objective(Objective(metric=f"{file}:spred"), 0)


def test_a_metric_of_evaluations_needs_evaluations() -> None:
    check_objective(Objective(metric="rollout/ep_rew_mean"), 0)
    with pytest.raises(ConfigError, match="the experiment makes none"):
        check_objective(Objective(), 0)


def test_pruners_compare_the_mean_over_the_runs_that_have_started() -> None:
    objective = Objective()
    assert list(evaluations(objective, run(9, 1, 2))) == [1.0, 2.0]
    assert intermediate_values(objective, [run(9, 1, 2, 3), run(9, 3, 4)]) == [2.0, 3.0]
    assert intermediate_values(objective, [run(9, 1), RunData(Path("new"), 1, {}, {})]) == []
    assert intermediate_values(objective, []) == []
