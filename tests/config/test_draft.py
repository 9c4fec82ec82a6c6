"""What is left of a configuration without its malformed keys."""

from typing import Any

import pytest

from rl_pipeline.config.draft import draft_of
from rl_pipeline.config.schema import Config

ROBOT: dict[str, Any] = {"id": "R", "backend": "ros_topics"}


def test_a_configuration_that_fits_is_all_there() -> None:
    mapping = {"experiment": {"seed": 3}, "environment": {"id": "A", "n_environments": 2}}
    draft, config = draft_of(mapping), Config.model_validate(mapping)
    assert draft.malformed == frozenset()
    assert (draft.experiment, draft.environment, draft.training) == (
        config.experiment,
        config.environment,
        config.training,
    )


@pytest.mark.parametrize(
    ("mapping", "malformed"),
    [
        ({"training": {"training": {"total_timesteps": "many"}}}, {"training.training.total_timesteps"}),
        ({"training": {"alg": "x", "engine": "quick"}}, {"training.alg", "training.engine"}),
        ({"training": {"schedules": {"lr": {"type": "liner"}}}}, {"training.schedules.lr"}),
        ({"training": {"schedules": {"lr": {"type": "linear", "a.b": 1}}}}, {"training.schedules.lr"}),
        ({"training": 5}, {"training"}),
        ({"training": {"a.b": 1}}, {"training"}),
        ({"environment": {"id": "A", "wrappers": ["B", {}]}}, {"environment.wrappers"}),
        ({"environment": {"id": "A", "normalize": {"clip_reward": 5.0}}}, {"environment.normalize"}),
        ({"environment": {**ROBOT, "ros_topics": {"max_age": "x"}}}, {"environment.ros_topics"}),
        ({"environment": {"id": 5, "monitor": False}}, {"environment"}),
        ({"environment": {}}, {"environment"}),
        ({"environment": None}, {"environment"}),
    ],
)
def test_malformed_keys_are_left_out_with_what_cannot_be_without_them(
    mapping: dict[str, Any], malformed: set[str]
) -> None:
    draft = draft_of({"environment": {"id": "A"}, **mapping})
    assert malformed <= draft.malformed
    assert not any(draft.is_sound(key) for key in malformed)
    assert (draft.environment is None) == ("environment" in malformed)
    assert draft.training.training.total_timesteps == 1_000_000
    assert draft.training.schedules == {}


def test_a_key_is_sound_if_nothing_around_it_is_malformed() -> None:
    draft = draft_of({"training": {"training": {"eval": {"seed": -1}}, "train": 1}})
    assert draft.is_sound("experiment.seed")
    assert draft.is_sound("training.training.eval.frequency")
    assert draft.is_sound("training.training.device")
    assert not draft.is_sound("training.training.eval.seed.x")
    assert not draft.is_sound("training.training")
    assert not draft.is_sound("training")
