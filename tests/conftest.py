import itertools
import os
import signal
from pathlib import Path

import pytest

from tests.ros_network import RosNetwork, require_ros

DOMAINS_OF_A_WORKER = 12
_count = itertools.count()

# A shell ignores SIGINT for what it starts in the background, nohup ignores SIGHUP, and every child inherits that; a
# shell among them could not even take it back. Tests send both to their children.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def next_domain() -> int:
    """Return a ROS domain, 1 to 96, that the latest tests did not use and that no other of 8 workers uses."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return 1 + worker % 8 * DOMAINS_OF_A_WORKER + next(_count) % DOMAINS_OF_A_WORKER


@pytest.fixture
def ros_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RosNetwork:
    """A ROS network that no other test is on; this process is on it, too."""
    require_ros()
    network = RosNetwork(next_domain(), tmp_path)
    for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.setenv(name, network.environ[name])
    return network
