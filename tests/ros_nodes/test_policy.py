"""A policy node and a robot that misbehaves: what stops the policy, and what the robot gets then."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.ros_network import RosNetwork, end

from .conftest import PATIENCE, Collected, Participant
from .reaching_policy import TARGET, write_description, write_policy

if TYPE_CHECKING:
    pass

ROBOT = Path(__file__).with_name("robot_stand_in.py")
SAFE = [0.25, -0.25]


def wait_for(condition: Callable[[], Any], what: Callable[[], object] = str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


class Operator:
    """Looks at the policy node and switches it."""

    def __init__(self, participant: Participant, namespace: str = "") -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from std_msgs.msg import Bool, Float64MultiArray, String

        self.participant, self.namespace = participant, namespace
        self.name = f"{namespace}/policy"
        node = participant.node
        self.diagnostics = participant.collect(DiagnosticArray, "/diagnostics", latched=False)
        self.commands = participant.collect(
            Float64MultiArray, f"{namespace}/command", latched=False, reliable=True
        )
        self.faults: Collected = participant.collect(String, f"{namespace}/robot/faults")
        self._fault = node.create_publisher(String, f"{namespace}/robot/fault", 10)
        self._emergency = node.create_publisher(Bool, f"{namespace}/emergency_stop", 1)

    @property
    def status(self) -> str:
        name = f"{self.name.removeprefix('/')}: policy"
        messages = [
            one.message for array in self.diagnostics.messages for one in array.status if one.name == name
        ]
        return messages[-1] if messages else ""

    def wait_for_status(self, text: str) -> None:
        wait_for(lambda: text in self.status, lambda: self.status)

    def change(self, name: str) -> bool:
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        transition = Transition(id=getattr(Transition, f"TRANSITION_{name.upper()}"))
        answer: ChangeState.Response = self.participant.call(
            ChangeState, f"{self.name}/change_state", transition=transition
        )
        return answer.success

    def reset(self) -> Any:
        from std_srvs.srv import Trigger

        return self.participant.call(Trigger, f"{self.name}/reset")

    def fault(self, text: str) -> None:
        from std_msgs.msg import String

        wait_for(self._fault.get_subscription_count)
        n = len(self.faults.messages)
        self._fault.publish(String(data=text))
        wait_for(lambda: len(self.faults.messages) > n)

    def press(self, *, pressed: bool) -> None:
        from std_msgs.msg import Bool

        wait_for(self._emergency.get_subscription_count)
        self._emergency.publish(Bool(data=pressed))

    def some_commands(self, n: int = 10) -> list[list[float]]:
        """Wait for commands that come after now."""
        before = len(self.commands.messages)
        wait_for(lambda: len(self.commands.messages) >= before + n, lambda: self.status)
        return [list(message.data) for message in self.commands.messages[before:]]


@contextmanager
def robot(network: RosNetwork, *arguments: str, namespace: str = "") -> Iterator["subprocess.Popen[str]"]:
    rules = ["--ros-args", "-r", f"__ns:={namespace}"] if namespace else []
    with network.script(ROBOT, *arguments, *rules) as process:
        yield process


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    return write_policy(tmp_path / "policy.onnx")


def policy_node(
    network: RosNetwork, policy: Path, config: Path, *arguments: str, namespace: str = ""
) -> "subprocess.Popen[str]":
    rules = ["-r", f"__ns:={namespace}"] if namespace else []
    parameters = ["-p", f"policy:={policy}", "-p", f"config:={config}"]
    return network.popen("rl_nodes", "policy", *parameters, *arguments, *rules)


def safe_commands(**changes: Any) -> dict[str, Any]:
    commands = [
        {
            "field": f"command.data[{index}]",
            "type": "std_msgs/msg/Float64MultiArray",
            "low": -1.0,
            "high": 1.0,
            "safe": safe,
        }
        for index, safe in enumerate(SAFE)
    ]
    return {"commands": commands, **changes}


def test_faults_stop_the_policy_until_it_is_reset(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    safety = {"max_age": 8.0, "max_late": 60.0, "emergency_stop": "emergency_stop"}
    config = write_description(tmp_path / "robot.yaml", **safe_commands(safety=safety))
    operator = Operator(participant)
    with ExitStack() as stack:
        stack.enter_context(robot(ros_network))
        node = policy_node(ros_network, policy_file, config)
        stack.callback(end, node)
        assert operator.change("activate"), operator.status
        wait_for(lambda: np.abs(operator.some_commands(1)[-1]).max() < 0.01)

        operator.fault("delay 10")
        operator.fault("drop 5")
        operator.fault("flood joint_states 20")
        operator.some_commands(50)
        assert operator.status in ("active", "ramp"), operator.status
        operator.fault("none")
        assert not operator.reset().success

        for fault, reason in [
            ("stall joint_states", "the newest message of /joint_states is"),
            ("nan joint_states", "joint_states.position is NaN at position 0"),
            ("unit 1000", "the observation 'shoulder position' is"),
            ("jump 30", "the time stamps of /joint_states jumped by +"),
        ]:
            operator.fault(fault)
            operator.wait_for_status(f"stopped: {reason}")
            assert operator.some_commands()[-1] == SAFE
            if "jump" not in fault:
                answer = operator.reset()
                assert not answer.success, fault
                assert reason in answer.message
            operator.fault("none")
            wait_for(lambda: operator.reset().success)
            wait_for(lambda: operator.status in ("active", "ramp"), lambda: operator.status)

        operator.press(pressed=True)
        operator.wait_for_status("stopped: the emergency stop /emergency_stop is pressed")
        assert operator.some_commands()[-1] == SAFE
        assert "is pressed" in operator.reset().message
        operator.press(pressed=False)
        wait_for(lambda: operator.reset().success)

        assert operator.change("deactivate")
        assert list(operator.commands.messages[-1].data) == SAFE
        operator.wait_for_status("inactive")
        node.send_signal(signal.SIGINT)
        output = node.communicate(timeout=300)[0]
        assert node.returncode == 0, output


def test_a_late_cycle_and_a_robot_that_dies_stop_the_policy(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    config = write_description(
        tmp_path / "robot.yaml", safety={"max_age": 12.0, "max_late": 6.0, "stop": "hold"}
    )
    operator = Operator(participant)
    with ExitStack() as stack:
        process = stack.enter_context(robot(ros_network))
        node = policy_node(ros_network, policy_file, config, "-p", "activate:=true")
        stack.callback(end, node)
        wait_for(lambda: np.abs(operator.some_commands(1)[-1]).max() < 0.001)
        node.send_signal(signal.SIGSTOP)
        time.sleep(7.0)  # longer than max_late, shorter than max_age
        node.send_signal(signal.SIGCONT)
        operator.wait_for_status("stopped: a command was")
        held = operator.some_commands()
        assert all(command == held[0] for command in held)
        assert operator.reset().success
        process.kill()
        operator.wait_for_status("stopped: the newest message of /joint_states is 12.")


def test_a_robot_that_does_not_fit_is_refused(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    operator = Operator(participant)
    config = tmp_path / "robot.yaml"
    write_description(config, startup_timeout=0.5)
    node = policy_node(ros_network, policy_file, config)
    with ExitStack() as stack:
        stack.callback(end, node)
        assert not operator.change("activate")
        operator.wait_for_status("no publisher of /joint_states")
        stack.enter_context(robot(ros_network, "--joints", "shoulder", "wrist"))
        write_description(config)
        assert operator.change("cleanup")
        wait_for(lambda: operator.status == "unconfigured", lambda: operator.status)
        assert operator.change("configure")
        assert not operator.change("activate")
        operator.wait_for_status("joint_states has no joint 'elbow'; its joints are shoulder, wrist")
        assert not operator.commands.messages


def test_mistakes_of_the_description_end_the_node(
    ros_network: RosNetwork, policy_file: Path, tmp_path: Path
) -> None:
    config = write_description(tmp_path / "robot.yaml", rate=0.0)
    node = policy_node(ros_network, policy_file, config)
    output = node.communicate(timeout=PATIENCE)[0]
    assert (node.returncode, "robot.yaml:" in output, "deploy.rate" in output) == (2, True, True), output
    swapped = write_policy(tmp_path / "other.onnx", joints=("elbow", "shoulder"))
    node = policy_node(ros_network, swapped, write_description(config))
    output = node.communicate(timeout=PATIENCE)[0]
    assert node.returncode == 2
    assert "joint 'shoulder' is at the position of the policy's 'elbow'" in output


def test_shadow_commands_nothing_and_a_killed_node_is_noticed(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    from rclpy.duration import Duration
    from rclpy.event_handler import SubscriptionEventCallbacks
    from rclpy.qos import LivelinessPolicy, QoSProfile
    from std_msgs.msg import Float64MultiArray

    operator = Operator(participant)
    shadow = participant.collect(Float64MultiArray, "/policy/shadow", latched=False, reliable=True)
    config = write_description(tmp_path / "robot.yaml")
    with robot(ros_network):
        node = policy_node(ros_network, policy_file, config, "-p", "shadow:=true", "-p", "activate:=true")
        with ExitStack() as stack:
            stack.callback(end, node)
            wait_for(lambda: len(shadow.messages) > 20, lambda: operator.status)
            np.testing.assert_allclose(shadow.messages[-1].data, np.clip(2 * TARGET, -1, 1), atol=1e-6)
            assert not operator.commands.messages

        alive: list[int] = []
        quality = QoSProfile(
            depth=1,
            liveliness=LivelinessPolicy.AUTOMATIC,
            liveliness_lease_duration=Duration(seconds=1),
        )
        watching = SubscriptionEventCallbacks(liveliness=lambda event: alive.append(event.alive_count))
        participant.node.create_subscription(
            Float64MultiArray, "/command", lambda _: None, quality, event_callbacks=watching
        )
        node = policy_node(ros_network, policy_file, config, "-p", "activate:=true")
        with ExitStack() as stack:
            stack.callback(end, node)
            wait_for(lambda: alive and alive[-1] == 1)
            operator.some_commands()
            node.kill()
            wait_for(lambda: alive[-1] == 0)
            n = len(operator.commands.messages)
            assert node.wait(PATIENCE) == -signal.SIGKILL
            assert len(operator.commands.messages) == n


def test_two_robots_in_two_namespaces_and_a_recording(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    recordings = tmp_path / "recordings"
    config = write_description(
        tmp_path / "robot.yaml", recording={"folder": str(recordings), "max_megabytes": 20}
    )
    other = write_policy(tmp_path / "other.onnx", gain=1.0)
    sides = ["/left", "/right"]
    operators = [Operator(participant, side) for side in sides]
    with ExitStack() as stack:
        nodes = []
        for side in sides:
            stack.enter_context(robot(ros_network, namespace=side))
            nodes.append(
                policy_node(ros_network, policy_file, config, "-p", "activate:=true", namespace=side)
            )
            stack.callback(end, nodes[-1])
        for operator in operators:
            operator.some_commands()
        left, right = operators

        def choose(policy: Path) -> Any:
            parameter = Parameter("policy", value=str(policy)).to_parameter_msg()
            answer = participant.call(SetParameters, "/left/policy/set_parameters", parameters=[parameter])
            return answer.results[0]

        assert "deactivate it first" in choose(other).reason
        assert left.change("deactivate")
        assert choose(other).successful
        assert left.change("activate"), left.status
        left.some_commands()
        n = len(right.commands.messages)
        right.some_commands(n=5)
        assert len(right.commands.messages) > n
        for node in nodes:
            node.send_signal(signal.SIGTERM)
            assert node.wait(PATIENCE) == 0
    first, second = sorted(recordings.glob("left_policy_*.mcap"))
    [file_of_right] = recordings.glob("right_policy_*.mcap")
    for file, policy, status in [
        (first, policy_file, 0),
        (second, other, 0),
        (file_of_right, policy_file, 0),
        (first, other, 1),
    ]:
        command = [sys.executable, "-m", "rl_pipeline", "replay", str(file), str(policy)]
        replayed = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert replayed.returncode == status, json.dumps([replayed.stdout, replayed.stderr])


def test_a_lost_heartbeat_swapped_joints_and_a_jump_of_the_command_stop_the_policy(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    from std_msgs.msg import Bool

    changes = safe_commands()
    for command in changes["commands"]:
        command |= {"safe": 0.0, "max_change": 0.6}
    joints = ["shoulder", "elbow"]
    position = {"field": "joint_states.position", "joints": joints[:1], "stop_below": -0.2, "stop_above": 2.0}
    elbow = {"field": "joint_states.position", "joints": joints[1:]}
    changes["observations"] = [position, elbow, {"field": "joint_states.velocity", "joints": joints}]
    safety = {"max_age": 8.0, "max_late": 60.0, "emergency_stop": "emergency_stop", "heartbeat": 6.0}
    config = write_description(tmp_path / "robot.yaml", ramp=2.0, safety=safety, **changes)
    operator = Operator(participant)
    beating = participant.node.create_timer(0.1, lambda: operator._emergency.publish(Bool(data=False)))
    with ExitStack() as stack:
        stack.enter_context(robot(ros_network))
        node = policy_node(ros_network, policy_file, config)
        stack.callback(end, node)
        assert operator.change("activate"), operator.status

        def settle() -> None:
            wait_for(lambda: operator.status == "active", lambda: operator.status)
            wait_for(lambda: np.abs(operator.some_commands(1)[-1]).max() < 0.01)

        settle()
        for fault, reason in [
            ("swap shoulder elbow", "the observation 'shoulder position' is -0."),
            ("unit 1.9", "the command 'shoulder' changed by 0."),
        ]:
            operator.fault(fault)
            operator.wait_for_status("stopped: ")
            assert reason in operator.status
            assert operator.some_commands()[-1] == [0.0, 0.0]
            operator.fault("none")
            wait_for(lambda: operator.reset().success)
            settle()
        beating.cancel()
        operator.wait_for_status("stopped: the emergency stop /emergency_stop was silent for 6.")
        assert "was silent" in operator.reset().message
        beating.reset()
        wait_for(lambda: operator.reset().success)


def test_commands_are_joint_trajectories_and_twists(
    ros_network: RosNetwork, participant: Participant, policy_file: Path, tmp_path: Path
) -> None:
    from geometry_msgs.msg import Twist
    from sensor_msgs.msg import JointState
    from trajectory_msgs.msg import JointTrajectory

    limits = {"low": -1.0, "high": 1.0}
    joints = {"joints": ["shoulder", "elbow"]}
    cases: dict[Any, list[dict[str, Any]]] = {
        JointTrajectory: [{"field": "trajectory.points[0].velocities", **joints}],
        JointState: [{"field": "state.velocity", **joints}],
        Twist: [{"field": "twist.linear.x"}, {"field": "twist.angular.z"}],
    }
    for kind, commands in cases.items():
        name = f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"
        fields = [{**one, **limits, "type": name} for one in commands]
        config = write_description(tmp_path / "robot.yaml", commands=fields)
        received = participant.collect(
            kind, commands[0]["field"].partition(".")[0], latched=False, reliable=True
        )
        with ExitStack() as stack:
            stack.enter_context(robot(ros_network))
            node = policy_node(ros_network, policy_file, config, "-p", "activate:=true")
            stack.callback(end, node)
            message = received.wait_for(lambda one: np.allclose(speeds(one), np.clip(2 * TARGET, -1, 1)))
            if kind is not Twist:
                names = message.joint_names if kind is JointTrajectory else message.name
                assert list(names) == joints["joints"]


def speeds(message: Any) -> list[float]:
    """Return the two numbers of a command of whatever type."""
    match type(message).__name__:
        case "JointTrajectory":
            return list(message.points[0].velocities)
        case "JointState":
            return list(message.velocity)
    return [message.linear.x, message.angular.z]
