import platform
import subprocess
import sys

import pytest

from tests.ros_network import RosNetwork

PROGRAM = """
import resource
from ros_tcp_endpoint.memory import keep_freed_blocks

def pass_a_picture_on():
    blocks = [bytes(bytearray(1280 * 720 * 3)) for _ in range(3)]

{first}
pass_a_picture_on()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    pass_a_picture_on()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(network: RosNetwork, first: str) -> int:
    command = [sys.executable, "-c", PROGRAM.format(first=first)]
    return int(subprocess.check_output(command, env=network.environ))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library cannot be told")
def test_memory_of_pictures_is_used_again(ros_network: RosNetwork) -> None:
    assert page_faults(ros_network, "keep_freed_blocks()") < 0.1 * page_faults(ros_network, "")
