import logging

import pytest

from rl_pipeline.envs.ros.waiting import wait_for
from tests.ros_network import RosNetwork


def test_a_long_wait_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([0, 0, 0, 7])
    with caplog.at_level(logging.WARNING):
        assert wait_for(lambda: next(answers), 60.0, "the robot", silent_seconds=0.0) == 7
    assert caplog.messages == ["waiting for the robot, at most 60 s"]


def test_what_is_there_is_returned_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert wait_for(lambda: ["here"], 60.0, "the robot", silent_seconds=0.0) == ["here"]
    assert caplog.messages == []


def test_what_does_not_come_is_the_last_answer() -> None:
    assert wait_for(list, 0.0, "the robot") == []


def test_two_environments_of_a_process_join_the_network_without_warnings(
    ros_network: RosNetwork, capfd: pytest.CaptureFixture[str]
) -> None:
    from rl_pipeline.envs.ros.calls import ServiceCaller
    from rl_pipeline.envs.ros.topics.network import Network

    participants = [
        Network(use_sim_time=False),
        Network(use_sim_time=False),
        ServiceCaller(timeout=1.0, retries=0),
    ]
    for one in participants:
        one.close()
    assert capfd.readouterr().err == ""
