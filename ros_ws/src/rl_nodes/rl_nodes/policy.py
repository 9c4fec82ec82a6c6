"""The node `policy`, in which an exported policy controls a robot over its topics, and stops after a problem."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from rl_nodes import parameters
from rl_nodes.policy_robot import PolicyRobot
from rl_nodes.start import start_node, start_ros
from rl_pipeline.commands.exit_status import exit_status, log_to_terminal
from rl_pipeline.config.deploy import load_deploy
from rl_pipeline.envs.ros.spinning import SpinningThread
from rl_pipeline.errors import RefusedError, UserError
from rl_pipeline.policies.exported import load_exported
from rl_pipeline.policies.onnx import ONNX
from rl_pipeline.policies.policy import PolicyFileError

DIAGNOSTICS_S = 1.0
IDLE_S = 0.05
LEVELS = {"stopped": DiagnosticStatus.ERROR, "inactive": DiagnosticStatus.WARN}


class PolicyNode(LifecycleNode):
    """Lets an exported policy act on a robot.

    Parameters: `policy`, an ONNX file of `rl-pipeline export`, or a folder with one; it may be changed while the
    node is not active. `config`, a YAML file with the section `deploy`. `activate`, become active at the start.
    `shadow`, send no commands, even if the file enables them.
    Services: those of a lifecycle node, and `~/reset` (std_srvs/srv/Trigger), which lets a stopped policy act again.
    Topics: `/diagnostics`, and `~/shadow` in shadow.
    """

    def __init__(self) -> None:
        """Declare the parameters.

        Raises:
            ValueError: A parameter is missing.
        """
        super().__init__("policy")
        self.declare_parameter("policy", "")
        self._config = parameters.text(self, "config")
        self.wants_activation = parameters.flag(self, "activate")
        self._shadow = parameters.flag(self, "shadow")
        if not self._config or not self.get_parameter("policy").value:
            raise ValueError(
                "the parameters policy and config name an exported policy and a YAML file that describes the robot: "
                "--ros-args -p policy:=policy.onnx -p config:=robot.yaml"
            )
        self.robot: PolicyRobot | None = None
        self.refusal: UserError | None = None
        self._loaded: Path | None = None
        self._stepping = threading.Lock()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(DIAGNOSTICS_S, self.tell, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.create_service(Trigger, "~/reset", self._reset)
        self.add_on_set_parameters_callback(self._may_change)

    @property
    def _policy_file(self) -> Path:
        path = Path(str(self.get_parameter("policy").value))
        return path / ONNX if path.is_dir() else path

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the policy and the description of the robot."""
        return self._attempt(self._configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Compare robot and policy, and start."""
        return self._attempt(self._activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the robot."""
        if self.robot is not None:
            self.robot.deactivate()
            self.get_logger().info("deactivated")
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release policy and robot."""
        self._release()
        self.refusal = None
        self.tell()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the robot permanently."""
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def _attempt(self, transition: Callable[[], None]) -> TransitionCallbackReturn:
        self.refusal = None
        try:
            transition()
        except (UserError, PolicyFileError, OSError) as error:
            self.refusal = error if isinstance(error, UserError) else RefusedError(str(error))
            self.get_logger().error(self.refusal.text())
            self.tell()
            return TransitionCallbackReturn.FAILURE
        self.tell()
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        self._release()
        exported = load_exported(self._policy_file)
        deploy = load_deploy(Path(self._config))
        if self._shadow:
            deploy = deploy.model_copy(update={"shadow": True})
        self.robot = PolicyRobot(self, deploy, exported, self._stopped)
        self._loaded = self._policy_file
        run = exported.document.get("run") or self._policy_file
        self.get_logger().info(
            f"configured: {run}, {self.robot.rate:g} Hz{', shadow' if deploy.shadow else ''}"
        )

    def _activate(self) -> None:
        if self.robot is None or self._loaded != self._policy_file:
            self._configure()
        robot = self.robot
        if robot is None:
            raise RuntimeError("the node has no robot after its configuration")
        robot.connect()
        robot.activate()
        self.get_logger().info(f"activated: {robot.state}")

    def _release(self) -> None:
        """Stop the robot and leave its topics."""
        robot, self.robot = self.robot, None
        if robot is not None:
            robot.deactivate()
            with self._stepping:
                robot.close()

    def _stopped(self, problem: str) -> None:
        self.get_logger().error(f"stopped: {problem}; the service ~/reset lets the policy act again")
        self.tell()

    def _reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        problem = "the node is not configured" if self.robot is None else self.robot.reset()
        response.success = problem is None
        response.message = problem or "the policy acts again"
        if problem is None:
            self.get_logger().info("reset: the policy acts again")
        else:
            self.get_logger().warning(f"the reset was refused: {problem}")
        self.tell()
        return response

    def _may_change(self, changed: list[Parameter]) -> SetParametersResult:
        is_active = self.robot is not None and self.robot.state != "inactive"
        if is_active and any(one.name == "policy" for one in changed):
            return SetParametersResult(successful=False, reason="the node is active; deactivate it first")
        return SetParametersResult(successful=True)

    def tell(self) -> None:
        """Publish on /diagnostics."""
        robot = self.robot
        state = "unconfigured" if robot is None else robot.state
        reason = (robot.problem if robot is not None else None) or (
            self.refusal.text() if self.refusal else ""
        )
        values = {"state": state, "policy": str(self._policy_file)}
        if robot is not None:
            values |= {"cycles": str(robot.cycles), "latest_command_ms": f"{1000 * robot.latest:.2f}"}
            robot.latest = 0.0
            if robot.recorder is not None:
                values["recording_dropped"] = str(robot.recorder.dropped)
                values["recording_failure"] = robot.recorder.failure or ""
        level = DiagnosticStatus.ERROR if reason else LEVELS.get(state, DiagnosticStatus.OK)
        status = DiagnosticStatus(
            level=level,
            name=f"{self.get_fully_qualified_name().removeprefix('/')}: policy",
            message=f"{state}: {reason}" if reason else state,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def steer(self, is_over: Callable[[], bool]) -> None:
        """Control the robot in this thread until a stop is requested."""
        while not is_over():
            robot = self.robot
            if robot is None:
                time.sleep(IDLE_S)
                continue
            with self._stepping:
                if robot is self.robot:
                    robot.step()
        self._release()


class Signals:
    """Records SIGINT and SIGTERM, so that the robot stops before the process ends. Create it in the main thread."""

    def __init__(self) -> None:
        self._came = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def came(self) -> bool:
        """Whether one of them arrived, or ROS was shut down."""
        return self._came or not rclpy.ok()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came = True


def serve(arguments: list[str] | None) -> None:
    """Run the node until SIGINT or SIGTERM.

    Raises:
        UserError: A parameter, the policy or the description of the robot is refused.
    """
    signals = Signals()
    start_ros(arguments, SignalHandlerOptions.NO)
    node = start_node(PolicyNode)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        node.trigger_configure()
        if node.refusal is not None:
            raise node.refusal
        thread = SpinningThread(executor)
        try:
            if node.wants_activation:
                activation = threading.Thread(target=node.trigger_activate, name="activation")
                activation.start()
            node.steer(signals.came)
        finally:
            thread.close()
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def main(arguments: list[str] | None = None) -> None:
    """Run the node and end with the exit status of `rl-pipeline deploy`."""
    log_to_terminal()
    sys.exit(exit_status("policy", lambda: serve(arguments)))
