"""The control loop of a policy, cycle by cycle on a clock that the test owns."""

import numpy as np
import pytest

from rl_pipeline.config.deploy import Damping, Safety
from rl_pipeline.deploy.control import CommandMap, Control
from rl_pipeline.deploy.safety import SECOND, CommandLimits, ObservationLimits
from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.spec import PolicySpec

from .conftest import Proportional

CALM = np.array([0.5, -0.5, 0.0, 0.0])
SAFE = np.array([0.1, -0.1])


def control(
    policy: Proportional,
    spec: PolicySpec,
    *,
    safety: Safety | None = None,
    max_change: float = np.inf,
    ramp: float = 0.0,
    shadow: bool = False,
    scale: float = 1.0,
) -> Control:
    limits = CommandLimits(np.full(2, -1.0), np.full(2, 1.0), np.full(2, max_change), ("hip", "knee"))
    unlimited = np.full(4, np.inf)
    return Control(
        policy,
        ObservationLimits(spec.observation, {PLAIN: (np.array([-2.0, -2.0, -np.inf, -np.inf]), unlimited)}),
        CommandMap(np.full(2, scale), SAFE, limits, (0.5, np.array([2, 3]))),
        safety or Safety(),
        ramp=ramp,
        shadow=shadow,
    )


def test_actions_become_commands(policy: Proportional, spec: PolicySpec) -> None:
    loop = control(policy, spec, scale=0.5)
    loop.activate(0)
    outcome = loop.cycle(0, CALM, None)
    assert (outcome.state, outcome.problem, outcome.episode_start) == ("active", None, True)
    np.testing.assert_array_equal(outcome.command, [-0.25, 0.25])
    np.testing.assert_array_equal(outcome.action, [-0.5, 0.5])
    assert not loop.cycle(SECOND, CALM, None).episode_start
    assert policy.memories == [0, 1]


def test_commands_grow_from_the_safe_one_during_the_ramp(policy: Proportional, spec: PolicySpec) -> None:
    loop = control(policy, spec, ramp=2.0)
    loop.activate(5 * SECOND)
    outcomes = [loop.cycle(int((5 + seconds) * SECOND), CALM, None) for seconds in (0.0, 0.5, 1.0, 2.0)]
    assert [outcome.state for outcome in outcomes] == ["ramp", "ramp", "ramp", "active"]
    expected = [SAFE + share * (-CALM[:2] - SAFE) for share in (0.0, 0.25, 0.5, 1.0)]
    np.testing.assert_allclose([outcome.command for outcome in outcomes], expected)


def test_an_episode_starts_with_an_empty_memory_and_without_a_ramp(
    policy: Proportional, spec: PolicySpec
) -> None:
    loop = control(policy, spec)
    loop.activate(0)
    starts = []
    for cycle in range(4):
        if cycle == 2:
            loop.start_episode()
        starts.append(loop.cycle(cycle * SECOND, CALM, None).episode_start)
    assert starts == [True, False, True, False]
    assert policy.memories == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("observation", "problem", "text"),
    [
        (None, "a topic is silent", "a topic is silent"),
        (np.array([np.nan, 0, 0, 0]), None, "'hip.position' is nan, outside of"),
        (np.array([0, np.inf, 0, 0]), None, "'knee.position' is inf, outside of"),
        (np.array([-2.5, 0, 0, 0]), None, r"'hip.position' is -2.5, outside of \[-2, 1.79769e\+308\]"),
        (np.array([0, -1.5, 0, 0]), None, r"the command 'knee' is 1.5, outside of \[-1, 1\]"),
        (np.array([-0.6, 0, 0, 0]), None, "the command 'hip' changed by 1.1 in a cycle; max_change is 1"),
    ],
)
def test_a_problem_stops_the_policy_until_it_is_reset(
    policy: Proportional, spec: PolicySpec, observation: np.ndarray | None, problem: str | None, text: str
) -> None:
    loop = control(policy, spec, max_change=1.0)
    loop.activate(0)
    assert loop.cycle(0, CALM, None).problem is None
    stopped = loop.cycle(1, observation, problem)
    assert stopped.state == "stopped"
    with pytest.raises(AssertionError, match=text):
        raise AssertionError(stopped.problem)
    np.testing.assert_array_equal(stopped.command, SAFE)
    later = loop.cycle(2, CALM, None)
    assert (later.state, later.problem, later.action) == ("stopped", None, None)
    assert loop.problem == stopped.problem
    loop.activate(3)
    assert loop.cycle(3, CALM, None).episode_start
    assert (loop.state, loop.problem) == ("active", None)


def test_a_policy_that_gives_nan_is_stopped(spec: PolicySpec) -> None:
    loop = control(Proportional(gain=float("nan")), spec)
    loop.activate(0)
    assert "the policy returned [nan, nan]" in str(loop.cycle(0, CALM, None).problem)


@pytest.mark.parametrize(
    ("safety", "command"),
    [
        (Safety(), SAFE),
        (Safety(stop="zero"), [0.0, 0.0]),
        (Safety(stop="hold"), [-0.5, 0.5]),
        (Safety(stop="damping", damping=Damping(gain=0.5, velocities=[2, 3])), [-0.2, 1.0]),
    ],
)
def test_the_command_after_a_stop(
    policy: Proportional, spec: PolicySpec, safety: Safety, command: list[float]
) -> None:
    loop = control(policy, spec, safety=safety)
    loop.activate(0)
    loop.cycle(0, CALM, None)
    assert loop.revoke(loop.cycle(1, -CALM, None), -CALM, "it came late").problem == "it came late"
    moving = np.array([0.5, -0.5, 0.4, -8.0])
    np.testing.assert_allclose(loop.cycle(2, moving, None).command, command, rtol=1e-5)


def test_hold_and_damping_without_a_command_or_an_observation_give_the_safe_one(
    policy: Proportional, spec: PolicySpec
) -> None:
    for safety in (Safety(stop="hold"), Safety(stop="damping", damping=Damping(gain=1.0, velocities=[2, 3]))):
        loop = control(policy, spec, safety=safety)
        loop.activate(0)
        np.testing.assert_array_equal(loop.cycle(0, None, "silence").command, SAFE)


def test_shadow_asks_the_policy_and_stops_like_any_other(policy: Proportional, spec: PolicySpec) -> None:
    loop = control(policy, spec, shadow=True, ramp=3.0)
    loop.activate(0)
    outcome = loop.cycle(0, CALM, None)
    assert outcome.state == "shadow"
    np.testing.assert_array_equal(outcome.command, -CALM[:2])
    assert loop.cycle(1, np.full(4, np.nan), None).state == "stopped"
    loop.activate(2)
    assert loop.state == "shadow"


def test_a_reset_ramps_from_the_command_that_the_robot_has(policy: Proportional, spec: PolicySpec) -> None:
    loop = control(policy, spec, safety=Safety(stop="hold"), ramp=1.0)
    loop.activate(0)
    held = loop.cycle(2 * SECOND, CALM, None).command
    loop.cycle(2 * SECOND, None, "a reason")
    loop.activate(3 * SECOND)
    np.testing.assert_array_equal(loop.cycle(3 * SECOND, -CALM, None).command, held)


def test_a_deactivated_policy_leaves_the_safe_command_and_no_problem(
    policy: Proportional, spec: PolicySpec
) -> None:
    loop = control(policy, spec)
    loop.activate(0)
    loop.cycle(0, None, "silence")
    np.testing.assert_array_equal(loop.deactivate(), SAFE)
    assert (loop.state, loop.problem) == ("inactive", None)
