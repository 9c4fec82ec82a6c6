"""The node `operate`: calls the services of a policy node once, for machines without `ros2 lifecycle`."""

import sys
import threading
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node
from std_srvs.srv import Trigger

from rl_nodes import parameters
from rl_nodes.start import spinning
from rl_pipeline.commands.exit_status import exit_status, log_to_terminal
from rl_pipeline.commands.operate import ACTIONS
from rl_pipeline.errors import CommandFailedError, RefusedError

TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
}
PATIENCE = 10.0
ANSWER = 60.0
"""Seconds to wait for an answer; an activation waits for the robot."""
DIAGNOSTICS = 5.0
"""Seconds to wait for /diagnostics, which a policy node publishes every second."""


class Operate(Node):
    """Runs one action on a policy node.

    Parameters: `action`, one of `state`, `configure`, `activate`, `deactivate`, `cleanup` and `reset`; `node`, the
    full name of the policy node.
    """

    def __init__(self) -> None:
        """Declare the parameters.

        Raises:
            ValueError: The action is unknown.
        """
        super().__init__("operate")
        self.action = parameters.text(self, "action", "state")
        self.target = parameters.text(self, "node", "/policy").rstrip("/")
        self._status = ""
        self._has_status = threading.Event()
        if self.action not in ACTIONS:
            raise ValueError(f"the parameter action is '{self.action}', not one of {', '.join(ACTIONS)}")
        self.create_subscription(DiagnosticArray, "/diagnostics", self._note, 10)

    def work(self) -> int:
        """Call the service, and print the state of the node and of its control loop.

        Raises:
            RefusedError: The node does not exist.
            CommandFailedError: The node refused, or did not answer.
        """
        if self.action in TRANSITIONS:
            request = ChangeState.Request(transition=Transition(id=TRANSITIONS[self.action]))
            if not self._call(ChangeState, "change_state", request).success:
                state = self._call(GetState, "get_state", GetState.Request()).current_state.label
                reason = self._newest_status().removeprefix(f"{state}: ") or "see its log"
                raise CommandFailedError(f"{self.target} is {state} and did not {self.action}: {reason}")
        elif self.action == "reset":
            answer = self._call(Trigger, "reset", Trigger.Request())
            if not answer.success:
                raise CommandFailedError(f"{self.target} did not reset: {answer.message}")
        state = self._call(GetState, "get_state", GetState.Request()).current_state.label
        status = self._newest_status()
        print(f"{state}, {status}" if status and not status.startswith(state) else status or state)
        return 0

    def _call(self, service_type: Any, name: str, request: Any) -> Any:
        client = self.create_client(service_type, f"{self.target}/{name}")
        if not client.wait_for_service(PATIENCE):
            raise RefusedError(
                f"the policy node {self.target} was not found; give its name with its namespace as --node"
            )
        answer: Any = client.call(request, timeout_sec=ANSWER)
        if answer is None:
            raise CommandFailedError(f"{self.target} did not answer within {ANSWER:g} s")
        return answer

    def _newest_status(self) -> str:
        """Return the next message on /diagnostics about the node; empty if none comes."""
        self._has_status.clear()
        return self._status if self._has_status.wait(DIAGNOSTICS) else ""

    def _note(self, message: DiagnosticArray) -> None:
        name = f"{self.target.removeprefix('/')}: policy"
        for one in message.status:
            if one.name == name:
                self._status = one.message
                self._has_status.set()


def main(arguments: list[str] | None = None) -> None:
    """Run the node and end with its exit status."""
    log_to_terminal()

    def serve() -> int:
        with spinning(Operate, arguments) as node:
            return node.work()

    sys.exit(exit_status("operate", serve))
