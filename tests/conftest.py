import os
from pathlib import Path

import pytest

from tests.ros_network import DOMAINS, RosNetwork, require_ros


@pytest.fixture
def ros_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RosNetwork:
    """A ROS network that no other test is on; this process is on it, too."""
    require_ros()
    network = RosNetwork(1 + os.getpid() % DOMAINS, tmp_path)
    for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.setenv(name, network.environ[name])
    return network
