"""The control loop of a policy on a robot: from an observation to a command, cycle by cycle.

It knows no clock and no middleware, so that tests drive it step by step.

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
    """What a cycle gave.

    Attributes:
        state: In which state the command was made.
        command: What the robot gets, (n,) in units of its messages; in shadow what it would get.
        action: What the policy gave; None where it was not asked.
        episode_start: Whether the policy's memory was empty.
        problem: Why this cycle stopped the policy; None in all others.
    """

    state: State
    command: Numbers
    action: NDArray[Any] | None
    episode_start: bool
    problem: str | None = None


@dataclass(frozen=True)
class CommandMap:
    """How actions become commands.

    Attributes:
        scale: What actions are multiplied by, (n,).
        safe: The command that the robot's description calls safe, (n,).
        limits: What a command must stay within.
        damping: For each number of a command the gain and the position of its velocity in the observation.
    """

    scale: Numbers
    safe: Numbers
    limits: CommandLimits
    damping: tuple[float, NDArray[np.intp]] = (0.0, np.empty(0, np.intp))


class Control:
    """Lets a policy act on one robot until something is wrong.

    Args:
        policy: Acts on raw observations, in batches of one.
        observations: What an observation must stay within.
        commands: How actions become commands.
        safety: Which command follows a stop.
        ramp: Seconds in which commands grow to those of the policy.
        shadow: Whether nothing is commanded.

    Attributes:
        observations: What an observation must stay within.
        state: In which state the next cycle begins.
        problem: Why the policy is stopped.
        previous: The last command that a cycle gave, (n,); None before the first.
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
        """Begin with an empty memory and a ramp.

        Args:
            now: Steady time in nanoseconds, as everywhere.
        """
        self.state = "shadow" if self._shadow else "ramp"
        self.problem = None
        self.start_episode()
        self._began = now
        self._ramp_start = self._commands.safe if self.previous is None else self.previous

    def start_episode(self) -> None:
        """Empty the memory of the policy, whose next observation is the first of an episode."""
        self._memory, self._first = None, True

    def deactivate(self) -> Numbers:
        """Stop asking the policy, and return the last command that the robot gets."""
        self.state, self.problem = "inactive", None
        return self._stop_command(None)

    def cycle(self, now: int, observation: Observation | None, problem: str | None) -> Outcome:
        """Return the command of a cycle.

        Args:
            now: When the cycle began.
            observation: What the robot observes, without a batch axis; None where there is a problem.
            problem: What is wrong already, such as a silent topic.
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
        return self._stop(problem or "there is no observation", observation, action, first)

    def revoke(self, outcome: Outcome, observation: Observation | None, problem: str) -> Outcome:
        """Stop for a reason that was found after a cycle, instead of publishing its command."""
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
            return f"the policy gave {action.ravel().tolist()}"
        start = self._ramp_start if self.state == "ramp" else command
        last = start if self.previous is None else self.previous
        return self._commands.limits.problem(command, last)

    def _stop_command(self, observation: Observation | None) -> Numbers:
        """Return what the robot gets while the policy is stopped."""
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
