import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.errors import RefusedError
from rl_pipeline.search.grid import n_combinations
from rl_pipeline.search.samplers import check_sampler, make_sampler

from .studies import RANGES, SPACE, Search, open_journal

GRID: dict[str, BaseDistribution] = {
    "net": CategoricalDistribution(["[64, 64]", "[256, 256]"]),
    "gamma": FloatDistribution(0.9, 0.99, step=0.03),
    "steps": IntDistribution(64, 192, step=64),
}
ALL = [
    {"net": net, "gamma": pytest.approx(gamma), "steps": steps}
    for net, gamma, steps in itertools.product(
        ["[64, 64]", "[256, 256]"], [0.9, 0.93, 0.96, 0.99], [64, 128, 192]
    )
]


def in_order(search: Search, kills: tuple[int, ...], n_trials: int = 20) -> list[dict[str, object]]:
    """Ask and tell with three trials at a time, killing the driver before some of the trials."""
    asked = []
    for number in range(n_trials):
        if number in kills:
            search.kill()
        asked.append(search.ask())
        if number >= 2:
            search.tell(number - 2)
    return asked


@pytest.mark.parametrize(
    ("name", "options", "space"),
    [
        ("random", {}, SPACE),
        ("tpe", {"n_startup_trials": 5}, SPACE),
        ("tpe", {"n_startup_trials": 5, "multivariate": True}, SPACE),
        ("cmaes", {"popsize": 5}, RANGES),
        ("cmaes", {"popsize": 5, "with_margin": True}, RANGES),
        ("nsga2", {"population_size": 5}, SPACE),
    ],
)
def test_a_killed_search_asks_for_what_an_undisturbed_one_does(
    name: str, options: Mapping[str, object], space: dict[str, BaseDistribution], tmp_path: Path
) -> None:
    searches = [Search(lambda file=tmp_path / f: open_journal(file), (name, options), space) for f in "ab"]
    undisturbed, killed = in_order(searches[0], ()), in_order(searches[1], (1, 7, 8, 17))
    assert killed == undisturbed
    assert len({tuple(parameters.values()) for parameters in undisturbed}) > 15


def test_random_parameters_depend_on_the_number_alone(tmp_path: Path) -> None:
    first = Search(lambda: open_journal(tmp_path / "a"), ("random", {}))
    second = Search(lambda: open_journal(tmp_path / "b"), ("random", {}))
    expected = [first.ask() for _ in range(6)]
    asked = [second.ask() for _ in range(3)]
    for number in (2, 0):
        second.tell(number)
    second.kill()
    asked += [second.ask() for _ in range(3)]
    assert asked == expected
    assert len({str(parameters) for parameters in asked}) == 6


def test_a_grid_is_walked_once_in_a_fixed_order_whatever_happens(tmp_path: Path) -> None:
    search = Search(lambda: open_journal(tmp_path / "a"), ("grid", {}), GRID, len(ALL))
    asked: list[dict[str, object]] = []
    generator = np.random.default_rng(1)
    running: list[int] = []
    while len(asked) < len(ALL):
        if generator.random() < 0.2:
            search.kill()
        if len(running) == 4:
            search.tell(running.pop(int(generator.integers(4))))
        running.append(len(asked))
        asked.append(search.ask())
    assert asked == ALL
    assert n_combinations(GRID) == len(ALL)
    with pytest.raises(RefusedError, match="All 24 combinations"):
        search.ask()


def test_enqueued_trials_take_no_combination_of_a_grid(tmp_path: Path) -> None:
    search = Search(lambda: open_journal(tmp_path / "a"), ("grid", {}), GRID)
    own = {"net": "[64, 64]", "gamma": 0.99, "steps": 128}
    asked = [search.ask()]
    search.study.enqueue_trial(own)
    asked.append(search.ask())
    search.kill()
    asked += [search.ask() for _ in range(len(ALL) - 1)]
    assert asked == [ALL[0], own, *ALL[1:]]


def test_an_enqueued_trial_may_leave_keys_open_after_the_last_combination(tmp_path: Path) -> None:
    space = {"a": IntDistribution(1, 2), "b": IntDistribution(5, 6)}
    search = Search(lambda: open_journal(tmp_path / "a"), ("grid", {}), space)
    search.study.enqueue_trial({"a": 2})
    assert search.ask() == {"a": 2, "b": 5}
    assert [search.ask() for _ in range(4)] == [{"a": a, "b": b} for a in (1, 2) for b in (5, 6)]
    search.study.enqueue_trial({"b": 6})
    assert search.ask() == {"a": 1, "b": 6}


def problems_of(name: str, options: dict[str, object], space: dict[str, BaseDistribution]) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        make_sampler(name, 0, 0, options, space, 10)
    return caught.value.problems


@pytest.mark.parametrize(
    ("name", "meant"), [("TPE", "tpe"), ("CMA-ES", "cmaes"), ("nsga-ii", "nsga2"), ("gird", "grid")]
)
def test_unknown_samplers_are_refused_with_the_nearest(name: str, meant: str) -> None:
    [problem] = problems_of(name, {}, SPACE)
    assert (problem.key, problem.value, problem.nearest) == ("sweep.sampler", name, meant)
    assert "nevergrad" in problem.valid


@pytest.mark.parametrize(
    ("name", "option", "value", "message"),
    [
        ("tpe", "n_startup_trails", 5, "unknown option"),
        ("random", "seed", 5, "unknown option"),
        ("cmaes", "popsize", 0, "positive integer"),
        ("cmaes", "popsize", True, "positive integer"),
        ("tpe", "multivariate", 1, "true or false"),
        ("nsga2", "mutation_prob", 2, "from 0 to 1"),
        ("nsga2", "population_size", 1, "greater than or equal to 2"),
    ],
)
def test_wrong_options_are_refused(name: str, option: str, value: object, message: str) -> None:
    [problem] = problems_of(name, {option: value}, RANGES)
    assert problem.key.startswith("sweep.sampler_options")
    assert message in problem.message


def test_the_option_that_was_probably_meant_is_named() -> None:
    assert problems_of("tpe", {"n_startup_trails": 5}, SPACE)[0].nearest == "n_startup_trials"


def test_cmaes_refuses_choices() -> None:
    [problem] = problems_of("cmaes", {}, SPACE)
    assert problem.key == "sweep.space.net"
    assert "nevergrad" in str(problem.remedy)


def test_a_grid_refuses_what_has_no_end() -> None:
    assert [problem.key for problem in problems_of("grid", {}, SPACE)] == [
        "sweep.space.rate",
        "sweep.space.clip",
    ]
    endless = {name: IntDistribution(1, 2000) for name in "ab"}
    assert "4,000,000 combinations" in problems_of("grid", {}, endless)[0].message


@pytest.mark.parametrize("name", ["cmaes", "nevergrad"])
def test_several_objectives_are_refused_where_the_sampler_knows_one(name: str) -> None:
    with pytest.raises(ConfigError, match="one objective, not 2"):
        check_sampler(name, {}, RANGES, n_objectives=2)
    check_sampler("nsga2", {}, RANGES, n_objectives=2)


def test_nsga2_serves_several_objectives() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"])
    for number in range(8):
        study.sampler = make_sampler("nsga2", 0, number, {"population_size": 3}, SPACE, 8)
        study.tell(study.ask(fixed_distributions=SPACE), [number % 3, number])
    assert len(study.best_trials) >= 1
