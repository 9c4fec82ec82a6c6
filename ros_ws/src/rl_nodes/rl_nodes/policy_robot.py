"""The control loop of a policy on a robot: when a cycle is due, and what is sent and recorded."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import LivelinessPolicy, QoSProfile
from std_msgs.msg import Float64MultiArray

from rl_nodes.policy_topics import PolicyTopics
from rl_pipeline.config.deploy import KEY, Deploy
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.deploy.binding import command_map, observation_limits
from rl_pipeline.deploy.control import Control, Outcome
from rl_pipeline.deploy.cycle import Cycle, Level
from rl_pipeline.deploy.recording import SUFFIX, Recorder
from rl_pipeline.deploy.safety import SECOND
from rl_pipeline.envs.ros.topics.commander import Commander
from rl_pipeline.errors import RefusedError
from rl_pipeline.policies.exported import ExportedPolicy
from rl_pipeline.policies.observations import Observation

COMMANDS = QoSProfile(
    depth=1, liveliness=LivelinessPolicy.AUTOMATIC, liveliness_lease_duration=Duration(seconds=1)
)
"""Lease with which the middleware notifies a robot within a second if this process has died."""
IDLE_NANOSECONDS = SECOND // 20


class PolicyRobot:
    """Controls a robot with a policy, from the activation to the deactivation.

    One thread calls `step` continuously; another one calls all other methods.

    Args:
        node: Node on the network.
        deploy: Description of the robot.
        exported: The policy.
        stopped: Called with the reason whenever the policy is stopped.

    Attributes:
        rate: Cycles per second.
        cycles: Number of cycles since the activation.
        latest: Longest delay of a command in seconds since it was last set to 0.
        recorder: Records the cycles while the policy is active, if recording is enabled.

    Raises:
        ConfigError: The description does not fit the policy.
    """

    def __init__(
        self, node: Node, deploy: Deploy, exported: ExportedPolicy, stopped: Callable[[str], None]
    ) -> None:
        self._node, self._deploy, self._exported, self._stopped = node, deploy, exported, stopped
        spec = exported.spec
        rate = deploy.rate or spec.rate
        if rate is None:
            message = "is unknown: the policy contains no rate"
            raise ConfigError([Problem(f"{KEY}.rate", message, remedy="set it to the rate of the training")])
        self.rate = rate
        self._period = int(SECOND / rate)
        safety = deploy.safety
        self._max_late = self._period if safety.max_late is None else int(safety.max_late * SECOND)
        self._topics = PolicyTopics(node, deploy, spec)
        self._commander = Commander(node, deploy.commands, f"{KEY}.commands", quality=COMMANDS)
        joints = exported.document.get("joints") or ()
        self._commands = command_map(deploy, spec, self._commander.sizes, joints)
        self._shadow = node.create_publisher(Float64MultiArray, "~/shadow", 1)
        self._topics.listen_to_emergency_stop()
        self._lock = threading.Lock()
        self._control: Control | None = None
        self._due = 0
        self.cycles = 0
        self.latest = 0.0
        self.recorder: Recorder | None = None

    @property
    def state(self) -> str:
        """State of the control loop; see `rl_pipeline.deploy.control`."""
        return "inactive" if self._control is None else self._control.state

    @property
    def problem(self) -> str | None:
        """Why the policy is stopped."""
        return None if self._control is None else self._control.problem

    def connect(self) -> None:
        """Find the topics, wait for a first observation and compare it with the policy.

        Raises:
            ConfigError: The robot's observation differs from the policy's.
            SimulationError: A topic is missing, silent or malformed, or a command has no subscriber.
            RefusedError: A problem would stop the policy at once.
        """
        deadline = time.monotonic() + self._deploy.startup_timeout
        self._topics.connect(deadline)
        with self._lock:
            self._control = self._make_control(self._topics.read())
            self._topics.forgive()
            problem = self._topics.problem(time.monotonic_ns())
        if problem is not None:
            raise RefusedError(problem)
        if not self._deploy.shadow:
            self._commander.wait_for_listeners(max(0.1, deadline - time.monotonic()))

    def _make_control(self, observation: Observation) -> Control:
        deploy, exported, reader = self._deploy, self._exported, self._topics.reader
        limits = observation_limits(deploy, exported.spec, reader.signals(observation), reader.sizes)
        problem = limits.problem(observation)
        if problem is not None:
            raise RefusedError(problem)
        return Control(
            exported.policy, limits, self._commands, deploy.safety, ramp=deploy.ramp, shadow=deploy.shadow
        )

    def activate(self) -> None:
        """Start to send commands; call `connect` before.

        Raises:
            OSError: The recording cannot be written.
        """
        recorder = self._make_recorder()
        with self._lock:
            if self._control is None:
                raise RuntimeError("activate() before connect()")
            self._due = time.monotonic_ns()
            # A trigger and a start of an episode before the activation have no effect.
            self._topics.take_trigger()
            self._topics.take_episode_start()
            self.cycles = 0
            self._control.activate(self._due)
            self.recorder = recorder
            self._note("info", "activated")

    def _make_recorder(self) -> Recorder | None:
        settings = self._deploy.recording
        if settings is None:
            return None
        node = self._node.get_fully_qualified_name().strip("/").replace("/", "_")
        name = f"{node}_{time.strftime('%Y-%m-%d_%H-%M-%S')}{SUFFIX}"
        document, checksum = self._exported.document, self._exported.sha256
        max_bytes = settings.max_megabytes * 1_000_000
        return Recorder(Path(settings.folder) / name, document, checksum, max_bytes=max_bytes)

    def deactivate(self) -> None:
        """Send the command of a stop, wait until the robot has received it, and send no more commands."""
        with self._lock:
            if self._control is None or self._control.state == "inactive":
                return
            command = self._control.deactivate()
            if self._commander.has_commanded:
                self._commander.send(command)
            self._note("info", "deactivated")
            recorder, self.recorder = self.recorder, None
        self._commander.deliver()  # the node may end next and lose undelivered messages
        if recorder is not None:
            recorder.close()

    def _note(self, level: Level, text: str) -> None:
        if self.recorder is not None:
            self.recorder.event(time.time_ns(), level, text)

    def reset(self) -> str | None:
        """Allow a stopped policy to act again, with an empty memory and a ramp; return why this is refused."""
        with self._lock:
            if self._control is None or self._control.state != "stopped":
                return f"the policy is {self.state}, not stopped"
            self._topics.forgive()
            now = time.monotonic_ns()
            observation, problem = self._topics.observe(self._topics.problem(now))
            if observation is not None:
                problem = self._control.observations.problem(observation)
            if problem is None:
                self._due = now
                self._control.activate(now)
                self._note("info", "reset")
        return problem

    def close(self) -> None:
        """Leave the topics; `step` must not be called any more."""
        self._topics.close()
        self._node.destroy_publisher(self._shadow)
        self._commander.close()

    def step(self) -> None:
        """Wait for messages or the next cycle, whichever comes first, and act."""
        self._topics.take(self._timeout())
        with self._lock:
            if self._control is None or self._control.state == "inactive":
                return
            now = time.monotonic_ns()
            reference = self._reference(now)
            problem = self._topics.problem(now)
            if reference is None and (problem is None or self._control.state == "stopped"):
                return
            outcome = self._cycle(self._control, now, now if reference is None else reference, problem)
        if outcome.problem is not None:
            self._stopped(outcome.problem)

    def _timeout(self) -> int:
        control = self._control
        if control is None or control.state == "inactive":
            return IDLE_NANOSECONDS
        return max(0, min(self._due - time.monotonic_ns(), IDLE_NANOSECONDS))

    def _reference(self, now: int) -> int | None:
        """Return the due time of the cycle that starts now; None if none is due."""
        is_stopped = self._control is not None and self._control.state == "stopped"
        if self._deploy.trigger is not None and not is_stopped:
            self._due = now + IDLE_NANOSECONDS
            return self._topics.take_trigger()
        if now < self._due:
            return None
        reference = self._due
        self._due += self._period
        if self._due <= now:
            self._due = now + self._period
        return reference

    def _cycle(self, control: Control, now: int, reference: int, problem: str | None) -> Outcome:
        observation, problem = self._topics.observe(problem)
        if self._topics.take_episode_start():
            control.start_episode()
        outcome = control.cycle(now, observation, problem)
        late = time.monotonic_ns() - reference
        if late > self._max_late and outcome.state != "stopped":
            text = f"a command was {late / SECOND:.4f} s late; max_late is {self._max_late / SECOND:g} s"
            outcome = control.revoke(outcome, observation, text)
        if self._deploy.shadow:
            self._shadow.publish(Float64MultiArray(data=outcome.command))
        else:
            self._commander.send(outcome.command)
        self.cycles += 1
        self.latest = max(self.latest, late / SECOND)
        if self.recorder is not None:
            self._record(self.recorder, outcome, {} if observation is None else observation)
        return outcome

    def _record(self, recorder: Recorder, outcome: Outcome, observation: Observation) -> None:
        command = None if self._deploy.shadow else outcome.command
        first = outcome.episode_start
        recorder.write(Cycle(time.time_ns(), outcome.state, first, observation, outcome.action, command))
        if outcome.problem is not None:
            self._note("error", outcome.problem)
