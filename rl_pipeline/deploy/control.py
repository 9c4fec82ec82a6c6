"""The control loop of a policy on a robot, which computes a command from an observation in every cycle.

It uses no clock and no middleware, so tests can run it step by step.

    inactive --activate--> ramp --> active        a problem in any cycle --> stopped
       ^                   shadow                 stopped --reset--> ramp or shadow
       +-- deactivate, from every state
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.deploy import Safety
from rl_pipeline.deploy.safety import SECOND, CommandLimits, ObservationLimits
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.policies.policy import Policy

State = Literal["inactive", "ramp", "active", "shadow", "stopped"]
Numbers = NDArray[np.float64]
FIRST = np.ones(1, np.bool_)
LATER = np.zeros(1, np.bool_)


@dataclass(frozen=True)
class Outcome:
    """Result of a cycle.

    Attributes:
        state: State in which the command was computed.
        command: The robot's command, (n,) in units of its messages; in shadow, the command that is not sent.
        action: The policy's action; None if the policy was not called.
        episode_start: Whether the policy's memory was empty.
        problem: Why this cycle stopped the policy; None for other cycles.
    """

    state: State
    command: Numbers
    action: NDArray[Any] | None
    episode_start: bool
    problem: str | None = None


@dataclass(frozen=True)
class CommandMap:
    """Conversion of actions to commands.

    Attributes:
        scale: Factors of the actions, (n,).
        safe: The safe command of the robot's description, (n,).
        limits: Limits of a command.
        damping: For each number of a command, the gain and the position of its velocity in the observation.
    """

    scale: Numbers
    safe: Numbers
    limits: CommandLimits
    damping: tuple[float, NDArray[np.intp]] = (0.0, np.empty(0, np.intp))


class Control:
    """Lets a policy act on one robot until a problem occurs.

    Args:
        policy: Policy that acts on raw observations, in batches of one.
        observations: Limits of an observation.
        commands: Conversion of actions to commands.
        safety: The command after a stop.
        ramp: Seconds in which commands change to those of the policy.
        shadow: Whether no commands are sent.

    Attributes:
        observations: Limits of an observation.
        state: State at the start of the next cycle.
        problem: Why the policy is stopped.
        previous: Command of the previous cycle, (n,); None before the first.
    """

    def __init__(
        self,
        policy: Policy[Any],
        observations: ObservationLimits,
        commands: CommandMap,
        safety: Safety,
        *,
        ramp: float,
        shadow: bool,
    ) -> None:
        self._policy = policy
        self.observations = observations
        self._commands = commands
        self._safety = safety
        self._ramp = int(ramp * SECOND)
        self._shadow = shadow
        self.state: State = "inactive"
        self.problem: str | None = None
        self.previous: Numbers | None = None
        self._before: Numbers | None = None
        self._memory: Any = None
        self._first = True
        self._began = 0
        self._ramp_start = commands.safe

    def activate(self, now: int) -> None:
        """Start with an empty memory and a ramp.

        Args:
            now: Steady time in nanoseconds, as everywhere.
        """
        self.state = "shadow" if self._shadow else "ramp"
        self.problem = None
        self.start_episode()
        self._began = now
        self._ramp_start = self._commands.safe if self.previous is None else self.previous

    def start_episode(self) -> None:
        """Clear the memory of the policy, whose next observation is the first of an episode."""
        self._memory, self._first = None, True

    def deactivate(self) -> Numbers:
        """Stop calling the policy, and return the robot's last command."""
        self.state, self.problem = "inactive", None
        return self._stop_command(None)

    def cycle(self, now: int, observation: Observation | None, problem: str | None) -> Outcome:
        """Return the command of a cycle.

        Args:
            now: Start time of the cycle.
            observation: The robot's observation, without a batch axis; None if there is a problem.
            problem: A problem that was found before, such as a silent topic.
        """
        if self.state == "stopped":
            return Outcome("stopped", self._stop_command(observation), None, episode_start=False)
        action: NDArray[Any] | None = None
        first = self._first
        if problem is None and observation is not None:
            problem = self.observations.problem(observation)
        if problem is None and observation is not None:
            action = self._act(observation)
            command = self._command(action, now)
            problem = self._problem_of(action, command)
            if problem is None:
                self._before, self.previous = self.previous, command
                return Outcome(self.state, command, action, first)
        return self._stop(problem or "no observation is available", observation, action, first)

    def revoke(self, outcome: Outcome, observation: Observation | None, problem: str) -> Outcome:
        """Stop for a reason that is found after a cycle, instead of publishing its command."""
        self.previous = self._before
        return self._stop(problem, observation, outcome.action, outcome.episode_start)

    def _stop(
        self, problem: str, observation: Observation | None, action: NDArray[Any] | None, first: bool
    ) -> Outcome:
        self.state, self.problem = "stopped", problem
        is_start = first and action is not None
        return Outcome("stopped", self._stop_command(observation), action, is_start, problem)

    def _act(self, observation: Observation) -> NDArray[Any]:
        batch: Observation
        if isinstance(observation, dict):
            batch = {key: part[np.newaxis] for key, part in observation.items()}
        else:
            batch = observation[np.newaxis]
        actions, self._memory = self._policy.act(batch, self._memory, FIRST if self._first else LATER)
        self._first = False
        return actions[0]

    def _command(self, action: NDArray[Any], now: int) -> Numbers:
        command: Numbers = np.asarray(action, np.float64).ravel() * self._commands.scale
        if self.state == "ramp":
            elapsed = now - self._began
            if elapsed < self._ramp:
                return self._ramp_start + (command - self._ramp_start) * (elapsed / self._ramp)
            self.state = "active"
        return command

    def _problem_of(self, action: NDArray[Any], command: Numbers) -> str | None:
        if not np.isfinite(command).all():
            return f"the policy returned {action.ravel().tolist()}"
        start = self._ramp_start if self.state == "ramp" else command
        last = start if self.previous is None else self.previous
        return self._commands.limits.problem(command, last)

    def _stop_command(self, observation: Observation | None) -> Numbers:
        """Return the robot's command while the policy is stopped."""
        commands, stop = self._commands, self._safety.stop
        command = commands.safe
        if stop == "zero":
            command = np.zeros_like(commands.safe)
        elif stop == "hold" and self.previous is not None:
            command = self.previous
        elif stop == "damping" and observation is not None:
            gain, velocities = commands.damping
            numbers = next(iter(as_dict(observation).values()))
            damping = np.asarray(-gain * numbers[velocities], np.float64)
            if np.isfinite(damping).all():
                command = commands.limits.clip(damping)
        self.previous = command
        return command
