"""What several ranks cannot train is refused before anything starts, with a remedy."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.schema import Config
from rl_pipeline.learners.parallel.ranks import SingleRank
from rl_pipeline.run.rank_checks import check_ranks
from tests.thread_ranks import ThreadRanks

MakeConfig = Callable[..., Config]
OWN = Path(__file__).with_name("sample_algorithms.py")


def refusal(config: Config) -> str:
    """Give what a rank of two is told, or nothing."""
    try:
        check_ranks(config, None, ThreadRanks(0, [], threading.Barrier(2)), allow_other_ranks=False)
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("algorithm", ["ppo", "sac", "td3", "tqc", "ddpg"])
def test_these_are_trained(make_config: MakeConfig, algorithm: str) -> None:
    assert refusal(make_config("Pendulum-v1", algorithm)) == ""


@pytest.mark.parametrize("algorithm", ["a2c", "dqn", "ars", f"{OWN}:RestlessPPO"])
def test_other_algorithms_are_refused(make_config: MakeConfig, algorithm: str) -> None:
    config = make_config("CartPole-v1", algorithm)
    text = refusal(config)
    assert "training.algorithm: cannot be trained by several ranks" in text
    assert "ppo, sac, td3, tqc, ddpg" in text
    check_ranks(config, None, SingleRank(), allow_other_ranks=False)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "training.engine=stock",
            "training.engine: several ranks train PPO only with the fast engine",
        ),
        ("environment.backend=ros", "several ranks cannot share the programs or robots of this backend"),
    ],
)
def test_engine_and_backend_are_looked_at(make_config: MakeConfig, override: str, said: str) -> None:
    assert said in refusal(make_config("CartPole-v1", "ppo", override))


def test_iterations_of_episodes_are_refused(make_config: MakeConfig) -> None:
    config = make_config("Pendulum-v1", "sac", "training.algorithm_parameters.train_freq=[1, episode]")
    assert "give a number of environment steps" in refusal(config)
