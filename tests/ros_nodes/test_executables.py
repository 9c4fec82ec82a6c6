import signal
import subprocess
import sys
from pathlib import Path

from tests.ros_network import RosNetwork

PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
import rl_nodes.executables
rl_nodes.__path__.append({folder!r})
rl_nodes.executables._main("slow")
"""
SLOW = """
import time
print("importing", flush=True)
time.sleep(600)
"""


def test_a_node_that_is_interrupted_while_it_is_imported_ends_quietly(
    ros_network: RosNetwork, tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    command = [sys.executable, "-c", PROGRAM.format(folder=str(tmp_path))]
    with subprocess.Popen(
        command, env=ros_network.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    assert (process.returncode, output) == (-signal.SIGINT, "")
