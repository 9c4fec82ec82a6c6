"""State that an algorithm adds is saved, or refused by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.training import Training
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.learner import UnsavedStateError
from rl_pipeline.learners.sb3.learner import SB3Learner

OWN = Path(__file__).parents[2] / "run" / "sample_algorithms.py"


@pytest.fixture
def make_learner() -> Callable[..., SB3Learner]:
    def make(algorithm: str, **parameters: object) -> SB3Learner:
        env = make_vector_env(Environment.model_validate({"id": "CartPole-v1"}))
        settings = {"algorithm": algorithm, "algorithm_parameters": parameters, "training": {"device": "cpu"}}
        learner = SB3Learner(Training.model_validate(settings), env, seed=0)
        learner.start()
        return learner

    return make


def test_what_cannot_be_saved_is_refused_with_a_remedy(make_learner: Callable[..., SB3Learner]) -> None:
    learner = make_learner(f"{OWN}:ForgetfulPPO")
    message = r"ForgetfulPPO\.running_mean contains torch\.Tensor.*_get_torch_save_params"
    with pytest.raises(UnsavedStateError, match=message):
        learner.state_dict()


def test_a_tensor_that_the_class_excludes_is_not_asked_for(
    make_learner: Callable[..., SB3Learner], monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = make_learner(f"{OWN}:ForgetfulPPO")
    monkeypatch.setattr(type(learner.model), "_excluded_save_params", lambda model: ["running_mean"])
    assert "running_mean" not in learner.state_dict()["attributes"]


def test_only_arguments_that_changed_are_saved(make_learner: Callable[..., SB3Learner]) -> None:
    learner = make_learner("ppo", n_steps=16, batch_size=16)
    assert not {"gamma", "n_steps", "learning_rate"} & learner.state_dict()["attributes"].keys()
    learner.model.gamma = 0.5  # type: ignore[attr-defined]
    state = learner.state_dict()
    assert state["attributes"]["gamma"] == 0.5
    other = make_learner("ppo", n_steps=16, batch_size=16)
    other.load_state_dict(state)
    assert other.model.gamma == 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["policy", "device", "train", "predict"])
def test_a_state_from_elsewhere_sets_nothing_else(name: str, make_learner: Callable[..., SB3Learner]) -> None:
    learner = make_learner("ppo", n_steps=16, batch_size=16)
    state = learner.state_dict()
    state["attributes"][name] = 1
    with pytest.raises(ValueError, match=f"'{name}' is not an attribute that FastPPO saves"):
        learner.load_state_dict(state)
