from typing import Any

import pytest
import stable_baselines3

from rl_pipeline.learners.sb3.parameters import check_parameters
from rl_pipeline.learners.sb3.registry import ALGORITHMS


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_the_defaults_of_every_algorithm_are_accepted(name: str) -> None:
    from rl_pipeline.learners.sb3.parameters import valid_parameters

    model_class = ALGORITHMS[name].model_class
    defaults = {
        parameter.name: parameter.default
        for parameter in valid_parameters(model_class).values()
        if parameter.default is not parameter.empty
    }
    assert defaults
    assert check_parameters(model_class, defaults) == []


def test_an_unknown_parameter_gives_the_nearest() -> None:
    [problem] = check_parameters(stable_baselines3.PPO, {"gama": 0.9})
    assert problem.key == "training.algorithm_parameters.gama"
    assert problem.nearest == "gamma"
    assert "clip_range" in problem.valid


def test_a_parameter_with_a_key_of_its_own_says_which() -> None:
    [problem] = check_parameters(stable_baselines3.PPO, {"seed": 3})
    assert "experiment.seed" in (problem.remedy or "")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n_steps": "many"}, "must be int"),
        ({"n_steps": 2.5}, "must be int"),
        ({"n_steps": True}, "must be int"),
        ({"gamma": "high"}, "must be float"),
        ({"target_kl": [1]}, "must be float or null"),
        ({"use_sde": 1}, "must be bool"),
    ],
)
def test_a_wrong_type_is_named(values: dict[str, Any], message: str) -> None:
    [problem] = check_parameters(stable_baselines3.PPO, values)
    assert problem.message == message
    assert problem.value == next(iter(values.values()))


@pytest.mark.parametrize("values", [{"gamma": 1}, {"target_kl": None}, {"learning_rate": 0.1}])
def test_what_fits_is_accepted(values: dict[str, Any]) -> None:
    assert check_parameters(stable_baselines3.PPO, values) == []


def test_sac_takes_text_or_a_number_for_the_entropy() -> None:
    assert check_parameters(stable_baselines3.SAC, {"ent_coef": "auto_0.1"}) == []
    assert check_parameters(stable_baselines3.SAC, {"ent_coef": 0.1, "train_freq": [1, "episode"]}) == []
    assert len(check_parameters(stable_baselines3.SAC, {"ent_coef": [0.1]})) == 1
