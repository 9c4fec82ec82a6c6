from pathlib import Path

from rl_pipeline.config.class_spec import ClassSpec
from rl_pipeline.config.errors import Problem
from rl_pipeline.wrappers.registry import WRAPPERS, check_wrappers, resolve_wrapper
from rl_pipeline.wrappers.time_limit import TimeLimit

OWN_WRAPPER = """
from gymnasium.vector import VectorWrapper

class Mirror(VectorWrapper):
    def __init__(self, env, axis, *, scale=1.0):
        super().__init__(env)
"""


def _check(name: str, **arguments: object) -> list[Problem]:
    return check_wrappers([ClassSpec(name=name, arguments=arguments)])


def test_registered_names() -> None:
    assert resolve_wrapper("time_limit") is TimeLimit
    assert set(WRAPPERS) == {
        "action_history",
        "action_noise",
        "frame_stack",
        "observation_noise",
        "select_observations",
        "time_limit",
    }


def test_own_classes_by_path_and_by_module(tmp_path: Path) -> None:
    file = tmp_path / "mirror.py"
    file.write_text(OWN_WRAPPER)
    own = resolve_wrapper(f"{file}:Mirror")
    assert not isinstance(own, Problem)
    assert own.__name__ == "Mirror"
    assert resolve_wrapper("rl_pipeline.wrappers.time_limit:TimeLimit") is TimeLimit
    assert isinstance(resolve_wrapper(f"{file}:Missing"), Problem)
    assert isinstance(resolve_wrapper("pathlib:Path"), Problem)
    [problem] = _check(f"{file}:Mirror", axis=1, scales=2.0)
    assert (problem.nearest, problem.valid) == ("scale", ["axis", "scale"])


def test_unknown_name_gets_the_nearest() -> None:
    good = ClassSpec(name="time_limit", arguments={"max_episode_steps": 5})
    [problem] = check_wrappers([good, ClassSpec(name="framestack")])
    assert problem.key == "environment.wrappers.1"
    assert problem.value == "framestack"
    assert problem.nearest == "frame_stack"


def test_wrong_argument_gets_the_nearest() -> None:
    unknown, missing = _check("time_limit", max_steps=100)
    assert unknown.key == "environment.wrappers.0.time_limit.max_steps"
    assert unknown.nearest == "max_episode_steps"
    assert unknown.value == 100
    assert "needs the argument max_episode_steps" in missing.message


def test_right_arguments_have_no_problems() -> None:
    assert _check("observation_noise", std=0.1) == []
    assert check_wrappers([]) == []
