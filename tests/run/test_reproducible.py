"""The same seed gives the same run, wherever the environments are stepped."""

from collections.abc import Callable

import pytest

from rl_pipeline.run.folder import RunFolder

from .conftest import are_equal, curve, parameters

OFF_POLICY = (
    "training.algorithm_parameters.learning_starts=20",
    "training.algorithm_parameters.batch_size=8",
    "training.algorithm_parameters.buffer_size=100",
    "environment.kwargs={action: box}",
)
CASES = {"a2c": (), "ppo": ("training.algorithm_parameters={n_steps: 8, batch_size: 16}",), "sac": OFF_POLICY}


def assert_same(first: RunFolder, second: RunFolder) -> None:
    assert first.path != second.path
    assert are_equal(parameters(first), parameters(second))
    assert curve(first) == curve(second)
    assert curve(first, "evaluations.csv") == curve(second, "evaluations.csv")


@pytest.mark.parametrize(("algorithm", "seed"), [("a2c", 0), ("a2c", 7), ("ppo", 0), ("sac", 7)])
def test_the_same_seed_gives_the_same_run(algorithm: str, seed: int, train: Callable[..., RunFolder]) -> None:
    overrides = (*CASES[algorithm], f"experiment.seed={seed}", "environment.normalize=true")
    assert_same(train(algorithm, *overrides), train(algorithm, *overrides))


def test_another_seed_gives_another_run(train: Callable[..., RunFolder]) -> None:
    first, second = train("a2c", "experiment.seed=0"), train("a2c", "experiment.seed=1")
    assert not are_equal(parameters(first), parameters(second))
    assert curve(first) != curve(second)


@pytest.mark.parametrize("algorithm", ["a2c", "sac"])
def test_workers_give_the_same_run_as_this_process(algorithm: str, train: Callable[..., RunFolder]) -> None:
    overrides = (*CASES[algorithm], "environment.n_environments=3")
    assert_same(train(algorithm, *overrides), train(algorithm, *overrides, "environment.n_workers=2"))
