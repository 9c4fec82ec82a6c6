from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C
from stable_baselines3.common.logger import Figure, HParam, Logger, Video

from rl_pipeline.learners.sb3.logger import TrackerOutput, logger_state, restore_logger_state
from rl_pipeline.tracking.csv_file import read_series
from rl_pipeline.tracking.csv_writer import CsvWriter
from rl_pipeline.tracking.tracker import Tracker


def test_numbers_reach_the_tracker_and_the_rest_is_left_out(tmp_path: Path) -> None:
    tracker = Tracker([CsvWriter(tmp_path / "progress.csv")])
    logger = Logger(None, [TrackerOutput(tracker)])
    logger.record("a", 1)
    logger.record("b", np.float32(0.5), exclude="tensorboard")
    logger.record("c", torch.tensor(2.5, requires_grad=True))
    logger.record("d", np.array(3.5))
    logger.record("text", "hello")
    logger.record("vector", np.zeros(3))
    logger.record("film", Video(torch.zeros(1, 1, 3, 4, 4), fps=10))
    logger.record("figure", Figure(None, close=False))
    logger.record("parameters", HParam({"lr": 1.0}, {"a": 0.0}))
    logger.dump(64)
    tracker.close("finished")
    assert (tmp_path / "progress.csv").read_text() == "timestep,a,b,c,d\n64,1,0.5,2.5,3.5\n"


def test_a_training_is_logged(tmp_path: Path) -> None:
    tracker = Tracker([CsvWriter(tmp_path / "progress.csv")])
    model = A2C("MlpPolicy", "CartPole-v1", seed=0, device="cpu", policy_kwargs={"net_arch": [4]})
    model.set_logger(Logger(None, [TrackerOutput(tracker)]))
    model.learn(200, log_interval=20)
    model.logger.close()
    tracker.close("finished")
    series = read_series(tmp_path / "progress.csv")
    assert {"rollout/ep_rew_mean", "train/value_loss", "time/fps"} <= set(series)
    np.testing.assert_array_equal(series["rollout/ep_rew_mean"].timesteps, [100, 200])


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
