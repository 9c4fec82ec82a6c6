"""Nodes stop whenever they are told to, also while rclpy prepares to wait."""

import subprocess
import sys

import pytest

from tests.ros_network import RosNetwork

PROGRAM = """
import sys
import threading
import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.waitable import NumberOfEntities, Waitable
from rl_pipeline.envs.ros.spinning import spin

event = sys.argv[1]
rclpy.init()
node = Node("ends_in_the_gap")

class Gap(Waitable):
    # An executor asks for the number of entities between its check of the context and the making of its wait set.
    def get_num_entities(self):
        if event == "shut_down":
            rclpy.shutdown()
        if event == "fail":
            raise RCLError("something else")
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set):
        pass

    def is_ready(self, wait_set):
        return False

if event == "shut_down_in_wait":  # as the thread that handles signals does it, which has woken the executor before
    threading.Timer(2.0, node.context.handle.shutdown).start()
node.add_waitable(Gap(ReentrantCallbackGroup()))
executor = SingleThreadedExecutor()
executor.add_node(node)
spin(executor)
print("ended")
"""


def run_program(network: RosNetwork, program: str, argument: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program, argument],
        env=network.environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(("event", "status"), [("shut_down", 0), ("shut_down_in_wait", 0), ("fail", 1)])
def test_only_a_shutdown_ends_spinning_quietly(ros_network: RosNetwork, event: str, status: int) -> None:
    result = run_program(ros_network, PROGRAM, event)
    assert result.returncode == status, result.stderr
    assert result.stdout == ("" if event == "fail" else "ended\n")
    assert ("something else" in result.stderr) == (event == "fail")


CLOSING = """
import sys
import threading
import time
import rclpy
from rclpy import executors
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.waitable import NumberOfEntities, Waitable
from rl_pipeline.envs.ros.spinning import SpinningThread

rclpy.init()
node = Node("is_closed_in_the_gap")
prepares = threading.Event()

class Gap(Waitable):
    def get_num_entities(self):
        prepares.set()
        time.sleep(1.0)  # the other thread closes meanwhile
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set):
        pass

    def is_ready(self, wait_set):
        return False

executor = eval(sys.argv[1], vars(executors))
executor.add_node(node)
node.add_waitable(Gap(ReentrantCallbackGroup()))
thread = SpinningThread(executor)
prepares.wait()
thread.close()
node.destroy_node()
rclpy.shutdown()
print("closed")
"""


@pytest.mark.parametrize("executor", ["SingleThreadedExecutor()", "MultiThreadedExecutor(2)"])
def test_a_thread_is_closed_while_it_prepares_to_wait(ros_network: RosNetwork, executor: str) -> None:
    result = run_program(ros_network, CLOSING, executor)
    assert (result.returncode, result.stdout, result.stderr) == (0, "closed\n", "")
