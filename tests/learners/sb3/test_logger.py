import numpy as np
import pytest
import torch
from stable_baselines3.common.logger import Figure, HParam, Logger, Video

from rl_pipeline.learners.sb3.logger import logger_state, restore_logger_state, take_values


def test_numbers_are_taken_and_the_rest_is_left_out() -> None:
    logger = Logger(None, [])
    logger.record("a", 1)
    logger.record("b", np.float32(0.5), exclude="tensorboard")
    logger.record("c", torch.tensor(2.5, requires_grad=True))
    logger.record("d", np.array(3.5))
    logger.record("text", "hello")
    logger.record("vector", np.zeros(3))
    logger.record("film", Video(torch.zeros(1, 1, 3, 4, 4), fps=10))
    logger.record("figure", Figure(None, close=False))
    logger.record("parameters", HParam({"lr": 1.0}, {"a": 0.0}))
    assert take_values(logger) == {"a": 1, "b": 0.5, "c": 2.5, "d": 3.5}
    assert take_values(logger) == {}


@pytest.mark.parametrize("kind", [float, np.float32, np.float64])
def test_a_restored_logger_goes_on_exactly(kind: type) -> None:
    values = np.random.default_rng(0).normal(size=20)

    def record(logger: Logger, part: np.ndarray) -> None:
        for value in part:
            logger.record_mean("mean", kind(value), exclude="stdout")
            logger.record("last", kind(value))

    uninterrupted = Logger(None, [])
    record(uninterrupted, values)

    interrupted, resumed = Logger(None, []), Logger(None, [])
    record(interrupted, values[:13])
    resumed.record("stale", 1.0)
    restore_logger_state(resumed, logger_state(interrupted))
    record(resumed, values[13:])

    assert dict(resumed.name_to_value) == dict(uninterrupted.name_to_value)
    assert type(resumed.name_to_value["mean"]) is type(uninterrupted.name_to_value["mean"])
    assert dict(resumed.name_to_count) == dict(uninterrupted.name_to_count)
    assert resumed.name_to_excluded == uninterrupted.name_to_excluded


def test_the_state_is_plain_data() -> None:
    logger = Logger(None, [])
    logger.record("a", np.float32(1.0))
    logger.record("b", 2)
    logger.record("text", "hello")
    state = logger_state(logger)
    assert state["name_to_value"] == {"a": np.array(1.0, dtype=np.float32), "b": 2}
    assert isinstance(state["name_to_value"]["a"], np.ndarray)
    assert state["name_to_excluded"] == {"a": [""], "b": [""]}


def test_a_restored_logger_takes_new_metrics() -> None:
    logger = Logger(None, [])
    restore_logger_state(logger, logger_state(Logger(None, [])))
    logger.record_mean("new", 3.0)
    assert logger.name_to_value["new"] == 3.0
