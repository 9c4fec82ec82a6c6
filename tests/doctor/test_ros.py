import pytest

from rl_pipeline.doctor import ros
from tests.ros_network import RosNetwork


def test_a_message_goes_there_and_back(ros_network: RosNetwork) -> None:
    findings = {finding.subject: finding for finding in ros.check()}
    assert findings["ros"].level == "ok"
    assert "jazzy" in findings["ros"].text
    assert " ms" in findings["ros"].text
    assert findings["workspace"].level == "ok"


def test_an_unknown_middleware_is_an_error(ros_network: RosNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_carrier_pigeon")
    finding = ros.check()[0]
    assert finding.level == "error"
    assert "RMW_IMPLEMENTATION" in finding.remedy
