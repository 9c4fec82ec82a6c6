import gymnasium
from gymnasium.envs.mujoco.half_cheetah_v5 import HalfCheetahEnv

from rl_pipeline.envs.keyword_arguments import accepted_arguments, unknown_arguments
from tests.envs.sample_envs import CountingEnv, DictEnv


def test_arguments_are_collected_along_the_bases() -> None:
    accepted = accepted_arguments(HalfCheetahEnv)
    assert accepted is not None
    assert {"ctrl_cost_weight", "frame_skip", "width"} <= accepted


def test_a_constructor_without_variable_arguments_hides_those_of_its_base() -> None:
    assert accepted_arguments(DictEnv) == {"length"}
    assert accepted_arguments(CountingEnv) == {"length", "size"}


def test_anything_goes_where_a_function_takes_anything() -> None:
    def make(**kwargs: float) -> gymnasium.Env:
        return CountingEnv(**kwargs)

    assert accepted_arguments(make) is None
    assert unknown_arguments("Counting-v0", make, {"size": 3}) == []


def test_an_unknown_argument_is_refused_with_the_nearest() -> None:
    (problem,) = unknown_arguments("HalfCheetah-v5", HalfCheetahEnv, {"ctrl_cost_wight": 0.1})
    assert problem.key == "environment.kwargs.ctrl_cost_wight"
    assert problem.value == 0.1
    assert problem.nearest == "ctrl_cost_weight"
    assert "xml_file" in problem.valid
    assert "render_mode" not in problem.valid


def test_the_render_mode_is_set_elsewhere() -> None:
    (problem,) = unknown_arguments("HalfCheetah-v5", HalfCheetahEnv, {"render_mode": "human"})
    assert problem.remedy == "write environment.render_mode"
