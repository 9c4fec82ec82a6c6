from typing import Any

import pytest

from rl_pipeline.config.environment import BACKENDS
from rl_pipeline.config.errors import Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.config.translation import validate

WHOLE = "an integer >= 1"
SCHEDULES = ["constant", "linear", "cosine", "exponential", "piecewise"]


def refused(path: str, value: Any) -> Problem:
    """Return the one problem of a configuration that has this value at this dotted key."""
    mapping: dict[str, Any] = {}
    below = mapping
    *above, name = path.split(".")
    for part in above:
        below = below.setdefault(part, {})
    below[name] = value
    mapping.setdefault("environment", {}).setdefault("id", "Ant-v5")
    config, problems = validate(Config, mapping)
    assert config is None
    [problem] = problems
    return problem


@pytest.mark.parametrize(
    ("key", "value", "kind", "valid"),
    [
        ("environment.n_environments", "four", "text", [WHOLE]),
        ("environment.n_environments", True, "true or false", [WHOLE]),
        ("environment.n_environments", 1.5, "a number", [WHOLE]),
        ("environment.n_environments", None, "null", [WHOLE]),
        ("environment.n_environments", 0, "0", [WHOLE]),
        ("environment.max_worker_restarts", -1, "-1", ["an integer >= 0"]),
        ("environment.monitor", 1, "an integer", ["true", "false"]),
        ("environment.monitor", "yes please", "text", ["true", "false"]),
        ("environment.wrappers", "FrameStack", "text", ["a list"]),
        ("environment.normalize", 3, "an integer", ["true", "false", "a mapping"]),
        ("training.training.early_stopping.min_delta", -1, "-1", ["a number >= 0"]),
        ("environment.env_config", 3, "an integer", ["a mapping", "text", "null"]),
        ("environment.kwargs", [1], "a list", ["a mapping"]),
        ("experiment.seed", "abc", "text", ["an integer >= 0 and < 4294967296"]),
        ("experiment.tags", "a, b", "text", ["a list"]),
        ("training.training.verbose", 3, "3", ["an integer >= 0 and <= 2"]),
        ("training.training.verbose", True, "true or false", ["an integer >= 0 and <= 2"]),
        ("training.training.eval", 5, "an integer", ["a mapping"]),
        ("training.training.early_stopping.min_delta", "x", "text", ["a number >= 0"]),
        ("training.training.early_stopping.reward_threshold", float("nan"), "nan", ["a number", "null"]),
        ("training.architecture.net_arch", 64, "an integer", ["a list", "a mapping", "null"]),
        ("training.architecture.net_arch", "64", "text", ["a list", "a mapping", "null"]),
    ],
)
def test_wrong_types_and_ranges(key: str, value: Any, kind: str, valid: list[str]) -> None:
    problem = refused(key, value)
    assert problem.key == key
    assert problem.value == value or value != value
    assert problem.message == f"must be {' or '.join(valid)}, is {kind}"
    assert problem.valid == valid
    assert problem.remedy


def test_remedies_for_quotes() -> None:
    assert refused("training.training.total_timesteps", "500").remedy == "remove the quotes: 500"
    assert refused("experiment.folder", 5).remedy == "put it in quotes: '5'"
    assert "remove the quotes" not in str(refused("training.training.total_timesteps", "many").remedy)


def test_an_unknown_key_with_a_near_one() -> None:
    problem = refused("training.algoritm", "ppo")
    assert problem.key == "training.algoritm"
    assert problem.message == "unknown key"
    assert problem.value == "ppo"
    assert {"algorithm", "architecture", "training"} < set(problem.valid)
    assert problem.nearest == "algorithm"
    assert problem.remedy == "rename it to algorithm, or remove it"


def test_a_misspelt_key_is_not_sought_in_other_sections() -> None:
    problem = refused("environment.normalize.observations", True)  # a key of environment.ros_topics, too
    assert problem.nearest == "observation"
    assert problem.remedy == "rename it to observation, or remove it"


def test_an_unknown_key_with_no_near_one() -> None:
    problem = refused("training.zzz", 5)
    assert problem.nearest is None
    assert "algorithm" in problem.valid
    assert problem.remedy


def test_a_key_in_the_wrong_section_is_told_where_it_belongs() -> None:
    problem = refused("training.total_timesteps", 5)
    assert problem.nearest == "training.training.total_timesteps"
    assert problem.remedy == "move it to training.training.total_timesteps"
    assert "experiment.seed or training.training.eval.seed" in str(refused("environment.seed", 5).remedy)


def test_an_unknown_section() -> None:
    problem = refused("trainig", {"algorithm": "ppo"})
    assert problem.valid == [
        "experiment",
        "environment",
        "training",
        "evaluation",
        "play",
        "sweep",
        "cluster",
    ]
    assert problem.nearest == "training"


@pytest.mark.parametrize("odd", ["pi'", "PI", "actor"])
def test_odd_keys_of_net_arch(odd: str) -> None:
    problem = refused("training.architecture.net_arch", {odd: [64], "vf": [64]})
    assert problem.key == f"training.architecture.net_arch.{odd}"
    assert problem.value == [64]
    assert problem.valid == ["pi", "vf", "qf"]
    assert problem.nearest == (None if odd == "actor" else "pi")


def test_widths_of_net_arch() -> None:
    problem = refused("training.architecture.net_arch", {"pi": [64, 0]})
    assert problem.key == "training.architecture.net_arch.pi.1"
    assert problem.message == f"must be {WHOLE}, is 0"


@pytest.mark.parametrize(
    ("key", "value", "valid", "meant"),
    [
        ("environment.backend", "Mujoko", list(BACKENDS), "mujoco"),
        ("environment.render_mode", "rgb-array", ["rgb_array", "human", "null"], "rgb_array"),
        ("training.engine", "quick", ["fast", "stock"], None),
        ("training.wandb.mode", "ofline", ["online", "offline", "disabled"], "offline"),
        ("training.schedules.lr.type", "liner", SCHEDULES, "linear"),
    ],
)
def test_choices(key: str, value: str, valid: list[str], meant: str | None) -> None:
    problem = refused(key, value)
    assert problem.key == key
    assert problem.message == "is not a valid value"
    assert problem.value == value
    assert problem.valid == valid
    assert problem.nearest == meant
    assert problem.remedy == f"write {meant or 'one of them'}"


def test_missing_keys_say_what_to_write() -> None:
    _, problems = validate(
        Config, {"environment": {}, "training": {"schedules": {"lr": {}, "clip": {"type": "linear"}}}}
    )
    assert {problem.key: problem.valid for problem in problems} == {
        "environment.id": ["text that is not empty"],
        "training.schedules.lr.type": SCHEDULES,
        "training.schedules.clip.initial": ["a number"],
        "training.schedules.clip.final": ["a number"],
    }
    assert all(problem.message == "is missing" for problem in problems)
    assert problems[0].remedy == "add the key `id:` with text that is not empty"


def test_an_unknown_key_of_a_schedule_lists_the_keys_of_its_type_only() -> None:
    problem = refused("training.schedules.lr", {"type": "constant", "value": 1, "final": 2})
    assert problem.key == "training.schedules.lr.final"
    assert problem.valid == ["warmup", "type", "value"]


def test_all_problems_are_found_at_once() -> None:
    mapping = {
        "experiment": {"seed": -1, "nam": "x"},
        "environment": {"n_environments": "four", "backend": "x"},
        "training": {"training": {"device": "cuad"}, "use_wandb": "maybe"},
    }
    _, problems = validate(Config, mapping)
    assert {problem.key for problem in problems} == {
        "experiment.seed",
        "experiment.nam",
        "environment.id",
        "environment.n_environments",
        "environment.backend",
        "training.training.device",
        "training.use_wandb",
    }


def test_a_section_that_another_backend_reads_is_refused() -> None:
    problem = refused("environment.randomization", {"friction": [0.5, 1.5]})
    assert problem.key == "environment.randomization"
    assert problem.message == "the backend gymnasium does not read it"
    assert problem.remedy == "remove it, or set environment.backend: mujoco"
