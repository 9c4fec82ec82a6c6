"""Descriptions of robots that fit a policy, and that do not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.deploy import Deploy
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.deploy.binding import command_map, observation_limits
from rl_pipeline.policies.spec import PolicySpec, Signal

COMMAND = {"field": "/arm.data", "type": "std_msgs/msg/Float64MultiArray", "low": -1.0, "high": 1.0}


def deploy(*commands: dict[str, Any], **settings: Any) -> Deploy:
    observations = settings.pop("observations", ["/joint_states.position", "/joint_states.velocity"])
    return Deploy.model_validate(
        {"observations": observations, "commands": list(commands) or [COMMAND], **settings}
    )


def test_commands_are_scaled_and_limited(spec: PolicySpec) -> None:
    scaled = COMMAND | {"scale": 10.0, "low": -5.0, "high": 10.0, "safe": 1.0}
    found = command_map(deploy(scaled | {"max_change": 2.0}), spec, [2])
    np.testing.assert_array_equal(found.scale, [10.0, 10.0])
    np.testing.assert_array_equal(found.safe, [1.0, 1.0])
    start = np.zeros(2)
    assert found.limits.problem(np.array([1.0, -1.0]), start) is None
    assert "'knee' is -6, outside of [-5" in str(found.limits.problem(np.array([1.0, -6.0]), start))
    assert "'hip' changed by 3 in a cycle" in str(found.limits.problem(np.array([3.0, 0.0]), start))


def test_joints_of_commands_are_those_that_the_actuators_drive(spec: PolicySpec) -> None:
    driven = deploy(COMMAND | {"joints": ["hip_joint", "knee_joint"]})
    command_map(driven, spec, [2], ["hip_joint", "knee_joint"])
    with pytest.raises(ConfigError, match="joint 'hip_joint' is at the position of the policy's 'hip'"):
        command_map(driven, spec, [2])


@pytest.mark.parametrize(
    ("commands", "sizes", "settings", "text"),
    [
        ([COMMAND], [3], {}, "deploy.commands: have 3 numbers, but the policy outputs 2: hip, knee"),
        (
            [COMMAND | {"joints": ["knee", "hip"]}],
            [2],
            {},
            "joint 'knee' is at the position of the policy's 'hip'",
        ),
        (
            [COMMAND | {"high": 3.0}],
            [2],
            {},
            r"allows \[-1, 3\], but the policy's actions, scaled, are within \[-1, 1\]",
        ),
        ([COMMAND | {"scale": 0.5}], [2], {}, "correct low, high or scale"),
        ([COMMAND | {"safe": 2.0}], [2], {}, r"deploy.commands.0.safe: is outside of \[low, high\]"),
        ([COMMAND | {"unit": "N"}], [2], {}, "is 'N', but the policy was trained with 'N m'"),
        (
            [COMMAND],
            [2],
            {"safety": {"stop": "damping", "damping": {"gain": 1.0, "velocities": [2]}}},
            "names 1 velocities for 2 commands",
        ),
    ],
)
def test_commands_that_do_not_fit_are_refused(
    spec: PolicySpec, commands: list[dict[str, Any]], sizes: list[int], settings: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        command_map(deploy(*commands, **settings), spec, sizes)


def observed(n: int) -> Signal:
    return Signal("box", (n,), "float64", np.full(n, -np.inf), np.full(n, np.inf))


def test_observations_that_do_not_fit_are_refused(spec: PolicySpec) -> None:
    with pytest.raises(
        ConfigError, match=r"give box \(3,\) float64, but the policy needs box \(4,\) float64: hip"
    ):
        observation_limits(deploy(), spec, observed(3), [1, 2])
    swapped = [
        {"field": "/joint_states.position", "joints": ["knee", "hip"]},
        {"field": "/joint_states.velocity", "unit": "deg/s"},
    ]
    with pytest.raises(ConfigError) as error:
        observation_limits(deploy(observations=swapped), spec, observed(4), [2, 2])
    assert "joint 'knee' is at the position of the policy's 'hip.position'" in str(error.value)
    assert "is 'deg/s', but the policy was trained with 'rad/s'" in str(error.value)


def test_the_parts_of_an_observation_have_limits_and_joints_of_their_own(spec: PolicySpec) -> None:
    goal = replace(observed(2), names=("x", "y"), units=("m", "m"))
    goal_conditioned = replace(spec, observation={"desired_goal": goal, "observation": spec.observation})
    fields = [
        {"field": "/a.data", "part": "observation"},
        {"field": "/goal.data", "part": "desired_goal", "stop_above": 1.0, "unit": "m"},
        {"field": "/b.data", "part": "observation", "stop_below": -2.0},
    ]
    seen = {"observation": observed(4), "desired_goal": observed(2)}
    limits = observation_limits(deploy(observations=fields), goal_conditioned, seen, [2, 2, 2])
    calm = {"observation": np.zeros(4), "desired_goal": np.zeros(2)}
    assert limits.problem(calm) is None
    far, fast = calm | {"desired_goal": np.array([0.0, 1.5])}, calm | {"observation": np.full(4, -3.0)}
    assert "'y' is 1.5, outside of" in str(limits.problem(far))
    assert "'hip.velocity' is -3, outside of [-2," in str(limits.problem(fast))
    millimetres = [fields[0], fields[1] | {"unit": "mm"}, fields[2]]
    with pytest.raises(
        ConfigError, match=r"observations.1.unit: is 'mm', but the policy was trained with 'm'"
    ):
        observation_limits(deploy(observations=millimetres), goal_conditioned, seen, [2, 2, 2])


def test_limits_of_the_description_stop(spec: PolicySpec) -> None:
    fields = [{"field": "/a.data", "stop_below": -0.5, "stop_above": 0.5}, "/b.data"]
    limits = observation_limits(deploy(observations=fields), spec, observed(4), [2, 2])
    assert limits.problem(np.array([0.5, -0.5, 9.0, 9.0])) is None
    assert "'knee.position' is 0.6, outside of [-0.5, 0.5]" in str(
        limits.problem(np.array([0.0, 0.6, 0.0, 0.0]))
    )
