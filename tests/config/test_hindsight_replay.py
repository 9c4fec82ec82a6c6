"""Hindsight replay as a section, and as parameters of the algorithm in files of earlier versions."""

from typing import Any

import pytest

from rl_pipeline.config.hindsight_replay import HindsightReplay
from rl_pipeline.config.loading import dump_config, load_config, load_config_mapping

from .conftest import Problems, Write

OLDER = """
    environment: {id: FetchReach-v4}
    training:
      algorithm_parameters:
        gamma: 0.9
        replay_buffer_class: HerReplayBuffer
        replay_buffer_kwargs:
          n_sampled_goal: 2
    """


def loaded(**training: Any) -> HindsightReplay | None:
    mapping = {"environment": {"id": "FetchReach-v4"}, "training": training}
    return load_config_mapping(mapping).config.training.hindsight_replay


def test_the_older_form_becomes_the_section(write: Write) -> None:
    older = load_config(write(OLDER))
    assert older.config.training.hindsight_replay == HindsightReplay(n_sampled_goal=2)
    assert older.config.training.algorithm_parameters == {"gamma": 0.9}
    assert older.provenance["training.hindsight_replay.n_sampled_goal"] == "x.yaml:7"
    assert older.provenance.nearest("training.hindsight_replay") == "x.yaml:5"
    again = load_config(write(dump_config(older.config)))
    assert again.config == older.config


@pytest.mark.parametrize("kwargs", [{}, {"replay_buffer_kwargs": None}, {"replay_buffer_kwargs": {}}])
def test_the_older_form_needs_no_arguments(kwargs: dict[str, Any]) -> None:
    assert (
        loaded(algorithm_parameters={"replay_buffer_class": "HerReplayBuffer", **kwargs}) == HindsightReplay()
    )


def test_the_section_is_stronger_than_the_older_form(write: Write) -> None:
    changes = ["training.hindsight_replay.n_sampled_goal=8", "training.hindsight_replay.copy_info_dict=true"]
    config = load_config(write(OLDER), changes).config
    assert config.training.hindsight_replay == HindsightReplay(n_sampled_goal=8, copy_info_dict=True)


def test_null_and_an_empty_section_differ() -> None:
    assert loaded(hindsight_replay=None) is None
    assert loaded(hindsight_replay={}) == HindsightReplay()
    older = {"replay_buffer_class": "HerReplayBuffer"}
    assert loaded(hindsight_replay=None, algorithm_parameters=older) == HindsightReplay()


def test_wrong_arguments_are_refused_where_they_stand(problems: Problems) -> None:
    [problem] = problems(OLDER.replace("n_sampled_goal: 2", "goal_selection_strategy: past"))
    assert (problem.place, problem.key) == ("x.yaml:7", "training.hindsight_replay.goal_selection_strategy")
    assert problem.valid == ["future", "final", "episode"]


def test_other_parameters_of_a_replay_buffer_stay() -> None:
    parameters = {"replay_buffer_kwargs": {"handle_timeout_termination": False}}
    mapping = {"environment": {"id": "Pendulum-v1"}, "training": {"algorithm_parameters": parameters}}
    assert load_config_mapping(mapping).config.training.algorithm_parameters == parameters
