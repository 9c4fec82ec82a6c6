import pytest

from rl_pipeline.envs.registry import find_spec, list_environments, unknown_environment_problem


def test_the_list_has_the_newest_versions_of_what_is_installed() -> None:
    listed = list_environments()
    assert {"CartPole-v1", "HalfCheetah-v5", "BipedalWalker-v3", "FetchReach-v4"} <= set(listed)
    assert not {"HalfCheetah-v4", "FetchReach-v1", "GymV21Environment-v0"} & set(listed)
    assert listed == sorted(listed)


def test_environments_of_gymnasium_robotics_are_found() -> None:
    spec = find_spec("FetchReach-v4")
    assert spec is not None
    assert spec.max_episode_steps == 50


def test_a_module_before_the_colon_is_imported() -> None:
    assert find_spec("gymnasium_robotics:FetchPush-v4") is not None
    with pytest.raises(ModuleNotFoundError):
        find_spec("no_such_module:FetchPush-v4")


@pytest.mark.parametrize(
    ("environment_id", "message", "nearest"),
    [
        ("HalfCheeta-v5", "unknown environment", "HalfCheetah-v5"),
        ("halfcheetah-v2", "unknown environment", "HalfCheetah-v5"),
        ("HalfCheetah-v1", "HalfCheetah has no version v1", "HalfCheetah-v5"),
        ("CartPole-v9", "CartPole has no version v9", "CartPole-v1"),
        ("LunarLander", "names no version", "LunarLander-v3"),
        ("ALE/Pong-v5", "no environment of the namespace ALE is installed", None),
        ("a b", "is not the id of an environment", None),
    ],
)
def test_unknown_ids(environment_id: str, message: str, nearest: str | None) -> None:
    problem = unknown_environment_problem(environment_id)
    assert problem.key == "environment.id"
    assert problem.value == environment_id
    assert problem.message == message
    assert problem.nearest == nearest
    assert problem.remedy


def test_a_version_that_does_not_exist_lists_those_that_do() -> None:
    assert unknown_environment_problem("HalfCheetah-v1").valid == ["HalfCheetah-v4", "HalfCheetah-v5"]


def test_a_missing_package_is_named() -> None:
    assert "ale-py" in str(unknown_environment_problem("ALE/Pong-v5").remedy)
