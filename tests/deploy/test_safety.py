"""Topics and emergency stops on a clock that the test owns."""

import numpy as np

from rl_pipeline.deploy.safety import SECOND, EmergencyStop, ObservationLimits, TopicWatch
from rl_pipeline.policies.spec import Signal

MS = SECOND // 1000


def test_a_topic_must_have_a_message_and_keep_having_them() -> None:
    watch = TopicWatch("/joint_states", 0.1)
    assert watch.problem(0) == "no message of /joint_states has arrived"
    watch.arrived(0, None)
    assert watch.problem(100 * MS) is None
    assert watch.problem(150 * MS) == "the newest message of /joint_states is 0.150 s old; max_age is 0.1 s"
    watch.arrived(160 * MS, None)
    assert watch.problem(170 * MS) is None


def test_a_jump_of_the_time_stamps_is_kept_until_it_is_forgiven() -> None:
    for jump in (5, -5):
        watch = TopicWatch("/joint_states", 0.1)
        watch.arrived(0, 100 * SECOND)
        watch.arrived(20 * MS, 100 * SECOND + 30 * MS)
        assert watch.problem(30 * MS) is None
        watch.arrived(40 * MS, (100 + jump) * SECOND)
        watch.arrived(60 * MS, (100 + jump) * SECOND + 20 * MS)
        assert f"the time stamps of /joint_states jumped by {jump:+d}" in str(watch.problem(70 * MS)).replace(
            "+4.950", "+5"
        ).replace("-5.050", "-5")
        watch.forgive()
        assert watch.problem(80 * MS) is None


def test_the_emergency_stop_and_its_heartbeat() -> None:
    button = EmergencyStop("/stop", None)
    assert button.problem(0) is None
    button.received(0, pressed=True)
    assert button.problem(10 * SECOND) == "the emergency stop /stop is pressed"
    button.received(0, pressed=False)
    assert button.problem(10 * SECOND) is None
    beating = EmergencyStop("/stop", 0.5)
    assert "has arrived; it needs a heartbeat" in str(beating.problem(0))
    beating.received(0, pressed=False)
    assert beating.problem(400 * MS) is None
    assert "silent for 0.600 s; heartbeat is 0.5 s" in str(beating.problem(600 * MS))


def test_limits_of_pictures_and_of_numbers_without_names() -> None:
    picture = Signal("box", (2, 2, 1), "uint8", np.zeros((2, 2, 1)), np.full((2, 2, 1), 255))
    state = Signal("box", (2,), "float32", np.array([-1.0, -np.inf]), np.array([1.0, np.inf]))
    limits = ObservationLimits(
        {"state": state, "view": picture}, {"state": (np.full(2, -9.0), np.full(2, 9.0))}
    )
    view = np.zeros((2, 2, 1), np.uint8)
    assert limits.problem({"state": np.array([1.0, 8.0]), "view": view}) is None
    assert "state[1] is 10, outside of [-9, 9]" in str(
        limits.problem({"state": np.array([0.0, 10.0]), "view": view})
    )
    assert "state[0] is -2, outside of [-1, 1]" in str(
        limits.problem({"state": np.array([-2.0, 0.0]), "view": view})
    )
    plain = ObservationLimits(state, {})
    assert plain.problem(np.array([0.0, 1e30])) is None
    assert "the observation [1] is inf" in str(plain.problem(np.array([0.0, np.inf])))
