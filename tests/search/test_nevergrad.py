import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.errors import RefusedError
from rl_pipeline.search.nevergrad import MIX, OPTIMIZERS, NevergradSampler
from rl_pipeline.search.samplers import make_sampler

from .studies import SPACE, Search, open_journal

pytestmark = pytest.mark.filterwarnings("ignore:ES algorithms are inefficient")


def asynchronous(search: Search, kills: tuple[int, ...]) -> list[dict[str, object]]:
    """Ask with four trials at a time that finish in an order of their own; one of them fails."""
    order = np.random.default_rng(3)
    asked: list[dict[str, object]] = []
    running: list[int] = []
    for number in range(14):
        if number in kills:
            search.kill()
            np.random.seed(number)
        asked.append(search.ask())
        running.append(number)
        if len(running) == 4:
            finished = running.pop(int(order.integers(4)))
            if finished == 5:
                search.study.tell(finished, state=TrialState.FAIL)
            else:
                search.tell(finished)
    return asked


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_killed_search_asks_for_what_an_undisturbed_one_does(optimizer: str, tmp_path: Path) -> None:
    options = {"optimizer": optimizer, "population": 4}
    searches = [Search(lambda file=tmp_path / f: open_journal(file), ("nevergrad", options)) for f in "ab"]
    undisturbed, killed = asynchronous(searches[0], ()), asynchronous(searches[1], (1, 6, 11))
    assert killed == undisturbed
    assert len({str(parameters) for parameters in undisturbed}) > 9
    assert len({parameters["net"] for parameters in undisturbed}) >= 2
    assert {parameters["one"] for parameters in undisturbed} == {3}


def test_a_search_that_is_made_longer_keeps_its_past(tmp_path: Path) -> None:
    options = {"optimizer": MIX, "population": 4}
    searches = [
        Search(lambda file=tmp_path / f: open_journal(file), ("nevergrad", options), n_trials=20)
        for f in "ab"
    ]
    first = [search.ask() for search in searches for _ in range(1)]
    searches[1]._n_trials = 400
    for number in range(12):
        for search in searches:
            search.tell(number)
        first = [search.ask() for search in searches]
        assert first[0] == first[1]


def test_a_trial_that_was_half_made_is_made_again_alike(tmp_path: Path) -> None:
    """A driver that is killed between noting a turn and storing the parameters asks again for the same trial."""
    search = Search(lambda: open_journal(tmp_path / "a"), ("nevergrad", {"population": 2}))
    for number in range(5):
        search.ask()
        search.tell(number)
    expected = search.ask()
    trial = search.study.trials[5]
    sampler = make_sampler("nevergrad", 7, 5, {"population": 2}, SPACE, 40)
    again = sampler.sample_relative(search.study, trial, {})
    assert again == {key: value for key, value in expected.items() if key != "one"}


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_it_finds_the_optimum_of_either_direction(direction: str) -> None:
    space = {"x": FloatDistribution(-5, 5), "y": FloatDistribution(1e-4, 1.0, log=True)}
    study = optuna.create_study(direction=direction)
    sign = 1 if direction == "minimize" else -1
    for number in range(60):
        options = {"optimizer": "OnePlusOne", "population": 4}
        study.sampler = make_sampler("nevergrad", 1, number, options, space, 60)
        trial = study.ask(fixed_distributions=space)
        study.tell(trial, sign * ((trial.params["x"] - 2) ** 2 + (np.log10(trial.params["y"]) + 2) ** 2))
    assert study.best_params["x"] == pytest.approx(2, abs=0.5)
    assert np.log10(study.best_params["y"]) == pytest.approx(-2, abs=0.5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_results_of_enqueued_trials_are_told(optimizer: str) -> None:
    study = optuna.create_study()
    own = {"rate": 1e-3, "gamma": 0.96, "steps": 128, "batch": 32, "clip": 0.5, "net": None, "one": 3}
    study.enqueue_trial(own)
    study.enqueue_trial({"clip": 0.25})
    for number in range(4):
        study.sampler = make_sampler(
            "nevergrad", 1, number, {"optimizer": optimizer, "population": 2}, SPACE, 30
        )
        trial = study.ask(fixed_distributions=SPACE)
        study.tell(trial, float(number))
    assert study.trials[0].params == own
    assert study.trials[1].params["clip"] == 0.25
    assert [trial.system_attrs.get("nevergrad", {}).get("told") for trial in study.trials] == [
        None,
        [0],
        [1],
        [2],
    ]


def test_unknown_optimizers_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        make_sampler("nevergrad", 0, 0, {"optimizer": "DiagonalCAM"}, SPACE, 10)
    assert caught.value.problems[0].nearest == "DiagonalCMA"


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nevergrad", None)
    with pytest.raises(RefusedError, match=r"rl-pipeline\[nevergrad\]"):
        NevergradSampler(SPACE, 0, 10)
