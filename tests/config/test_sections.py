import math
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from rl_pipeline.config.schema import Config
from rl_pipeline.config.section import InvalidValueError


def config(**environment: Any) -> Config:
    return Config.model_validate({"environment": {"id": "Ant-v5", **environment}})


def with_training(**training: Any) -> Config:
    return Config.model_validate({"environment": {"id": "Ant-v5"}, "training": training})


def refusal(caught: pytest.ExceptionInfo[ValidationError]) -> InvalidValueError:
    [details] = caught.value.errors()
    error = details["ctx"]["error"]
    assert isinstance(error, InvalidValueError)
    return error


def test_only_the_environment_id_is_needed() -> None:
    made = config()
    assert made.experiment.seed == 0
    assert made.environment.n_environments == 1
    assert made.training.algorithm == "ppo"
    assert made.training.training.device == "auto"
    assert made.training.training.eval.num_evals == 10
    assert made.training.checkpoint.keep_last == 3
    assert made.evaluation.seed == 1000
    assert made.play.experiment is None


def test_whole_numbers_may_be_written_as_floats_and_floats_as_whole_numbers() -> None:
    made = with_training(training={"total_timesteps": 1e6, "early_stopping": {"reward_threshold": 300}})
    assert made.training.training.total_timesteps == 1_000_000
    assert isinstance(made.training.training.total_timesteps, int)
    assert isinstance(made.training.training.early_stopping.reward_threshold, float)


def test_a_loaded_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config().experiment.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize("name", ["walker-v2", "Läufer 2", "a.b", "A" * 200])
def test_names_that_are_folder_names(name: str) -> None:
    made = Config.model_validate({"experiment": {"name": name}, "environment": {"id": "Ant-v5"}})
    assert made.experiment.name == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "what?", "a:b", " a", "a ", "a.", "a\nb", "ü" * 101]
)
def test_names_that_are_no_folder_names(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"experiment": {"name": name}, "environment": {"id": "Ant-v5"}})
    assert refusal(caught).remedy


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "mps"])
def test_devices(device: str) -> None:
    assert with_training(training={"device": device}).training.training.device == device


@pytest.mark.parametrize(
    ("device", "meant"),
    [("cude", "cuda"), ("cuda:", "cuda:0"), ("GPU", "cuda"), ("tpu0x", None), ("CPU", "cpu")],
)
def test_what_is_no_device(device: str, meant: str | None) -> None:
    with pytest.raises(ValidationError) as caught:
        with_training(training={"device": device})
    assert refusal(caught).nearest == meant
    assert "auto" in str(refusal(caught).remedy)


def test_the_algorithm_may_be_written_in_capitals() -> None:
    assert with_training(algorithm="PPO").training.algorithm == "ppo"


def test_wrappers_are_names_or_names_with_arguments() -> None:
    wrappers = config(wrappers=["Noise", {"FrameStack": {"n": 4}}, {"TimeLimit": None}]).environment.wrappers
    assert [(spec.name, spec.arguments) for spec in wrappers] == [
        ("Noise", {}),
        ("FrameStack", {"n": 4}),
        ("TimeLimit", {}),
    ]


@pytest.mark.parametrize("item", [{}, {"A": {}, "B": {}}, {"A": 3}, {"A": [1]}])
def test_what_is_no_wrapper(item: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        config(wrappers=[item])
    assert "argument: value" in str(refusal(caught).remedy)


@pytest.mark.parametrize(
    ("written", "observation", "reward"),
    [
        (False, False, False),
        (True, True, True),
        ({"observation": True}, True, False),
        ({"reward": True, "clip_reward": 5}, False, True),
    ],
)
def test_normalize(written: Any, observation: bool, reward: bool) -> None:
    normalize = config(normalize=written).environment.normalize
    assert (normalize.observation, normalize.reward) == (observation, reward)
    assert normalize.clip_observation == 10.0
    assert normalize.epsilon == 1e-8


def test_normalize_may_leave_values_unclipped() -> None:
    assert (
        config(normalize={"reward": True, "clip_reward": math.inf}).environment.normalize.clip_reward
        == math.inf
    )


def test_normalize_that_would_normalise_nothing_is_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        config(normalize={"clip_reward": 5.0})
    assert "observation: true" in str(refusal(caught).remedy)


def test_workers_need_environments() -> None:
    assert config(n_environments=4, n_workers=4).environment.n_workers == 4
    with pytest.raises(ValidationError) as caught:
        config(n_environments=4, n_workers=5)
    assert caught.value.errors()[0]["loc"] == ("environment", "n_workers")
    assert refusal(caught).valid == ["0 to 4"]


@pytest.mark.parametrize(
    "net_arch", [None, [], [64, 64], {"pi": [64], "vf": []}, {"pi": [64], "qf": [400, 300]}]
)
def test_net_arch(net_arch: Any) -> None:
    assert with_training(architecture={"net_arch": net_arch}).training.architecture.net_arch == net_arch


@pytest.mark.parametrize(
    "schedule",
    [
        {"type": "constant", "value": 3e-4},
        {"type": "linear", "initial": 3e-4, "final": 0, "end_fraction": 0.5},
        {"type": "cosine", "initial": 1, "final": 0.1, "warmup": 0.05},
        {"type": "exponential", "initial": 1e-3, "final": 1e-5},
        {"type": "piecewise", "points": [[0, 1.0], [0.5, 0.1], [1, 0]]},
    ],
)
def test_schedules(schedule: dict[str, Any]) -> None:
    made = with_training(schedules={"learning_rate": schedule}).training.schedules["learning_rate"]
    assert made.model_dump(mode="json").items() >= schedule.items()
    assert 0 <= made.warmup < 1


@pytest.mark.parametrize(
    "schedule",
    [
        {"type": "constant", "value": 1, "warmup": 1},
        {"type": "linear", "initial": 1, "final": 0, "end_fraction": 0},
        {"type": "linear", "initial": 1, "final": 0, "end_fraction": 1.1},
        {"type": "exponential", "initial": 1, "final": 0},
        {"type": "piecewise", "points": []},
        {"type": "piecewise", "points": [[0, 1, 2]]},
        {"type": "piecewise", "points": [[0, 1], [1.5, 2]]},
        {"type": "piecewise", "points": [[0.5, 1], [0.5, 2]]},
    ],
)
def test_what_is_no_schedule(schedule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        with_training(schedules={"learning_rate": schedule})


def test_every_key_has_a_description() -> None:
    def undescribed(model: type[BaseModel], above: str) -> list[str]:
        missing = []
        for name, field in model.model_fields.items():
            if not field.description:
                missing.append(f"{above}{name}")
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                missing += undescribed(field.annotation, f"{above}{name}.")
        return missing

    assert undescribed(Config, "") == []
