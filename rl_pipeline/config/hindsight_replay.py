"""The section `training.hindsight_replay`, and the older form of it among the parameters of the algorithm."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from rl_pipeline.config.composition import Composition
from rl_pipeline.config.key_schema import value_at
from rl_pipeline.config.section import NonNegative, Section

SECTION = ("training", "hindsight_replay")
PARAMETERS = ("training", "algorithm_parameters")
OLDER_CLASS = (*PARAMETERS, "replay_buffer_class")
OLDER_KWARGS = (*PARAMETERS, "replay_buffer_kwargs")


def _lower_case(name: Any) -> Any:
    return name.lower() if isinstance(name, str) else name


class HindsightReplay(Section):
    """Hindsight experience replay (HER) for environments with goals, https://arxiv.org/abs/1707.01495.

    The algorithm also learns from each experience as if a goal that was reached had been the desired goal.
    """

    n_sampled_goal: NonNegative = 4
    """Number of steps with such a goal for each step with the desired goal."""
    goal_selection_strategy: Annotated[
        Literal["future", "final", "episode"], BeforeValidator(_lower_case)
    ] = "future"
    """Choice of such a goal: reached at or after the step, at the end of its episode, or anywhere in it."""
    copy_info_dict: bool = False
    """Pass the `info` of a step to `compute_reward`, which is slower; by default, it gets empty mappings."""
    handle_timeout_termination: bool = True
    """Treat the end of an episode at a time limit as if the episode continued."""


def resolve_hindsight_replay(composition: Composition) -> None:
    """Move `replay_buffer_class: HerReplayBuffer` and its `replay_buffer_kwargs` into the section.

    They are its older form, which only the configuration knows.
    """
    parameters = value_at(composition.mapping, PARAMETERS)
    if not isinstance(parameters, dict) or parameters.get("replay_buffer_class") != "HerReplayBuffer":
        return
    parameters["replay_buffer_class"] = {}
    composition.move(OLDER_CLASS, SECTION)
    if isinstance(value_at(composition.mapping, OLDER_KWARGS), dict):
        composition.move(OLDER_KWARGS, SECTION)
    elif value_at(composition.mapping, OLDER_KWARGS) is None:
        composition.remove(OLDER_KWARGS)
