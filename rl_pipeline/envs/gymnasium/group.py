"""Several `gymnasium.Env` objects, which are stepped one after another into batched arrays."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gymnasium
import numpy as np

from rl_pipeline.envs.gymnasium.buffers import StepBuffers
from rl_pipeline.envs.gymnasium.description import GroupDescription, check_alike, describe, environment_name
from rl_pipeline.envs.gymnasium.joint_torque import JointTorque
from rl_pipeline.envs.gymnasium.state import capture, restore
from rl_pipeline.envs.gymnasium.step_metrics import StepMetrics
from rl_pipeline.plain_data import StateDict


class EnvGroup:
    """Steps several environments with same-step autoreset.

    Args:
        env_fns: one function per environment that makes it.
        first_index: index of the first of them in the whole batch, for messages.

    Attributes:
        active: index within the group of the environment that was called last.

    Raises:
        ValueError: the environments differ in their spaces.
    """

    def __init__(self, env_fns: Sequence[Callable[[], gymnasium.Env]], first_index: int = 0) -> None:
        self.first_index = first_index
        self.active = 0
        self.envs: list[gymnasium.Env] = []
        self._interrupted: dict[int, Any] = {}
        try:
            for self.active, env_fn in enumerate(env_fns):  # `active` stays at a failing one
                self.envs.append(env_fn())
            check_alike(self.envs, range(first_index, first_index + len(self.envs)))
        except BaseException:
            for env in self.envs:
                env.close()
            raise
        self.name = environment_name(self.envs[0])

    def _each(self) -> Iterator[gymnasium.Env]:
        for index, env in enumerate(self.envs):
            self.active = index
            yield env

    def describe(self) -> GroupDescription:
        """Return the common properties of the environments."""
        return describe(self.envs[0])

    def attach(self, buffers: StepBuffers) -> None:
        """Choose the arrays, with one row for each environment, that `reset` and `step` write to."""
        self.buffers = buffers
        self.metrics = StepMetrics(buffers.metric_values, buffers.metric_mask)
        self._torque = JointTorque(self.envs, self.metrics)

    def reset(
        self, seeds: Sequence[int | None], options: dict[str, Any] | None, mask: Sequence[bool] | np.ndarray
    ) -> None:
        """Reset the environments in the mask, each with its own seed, and write their first observations."""
        self.metrics.clear()
        observations = self.buffers.observations
        for env, seed, chosen in zip(self._each(), seeds, mask, strict=True):
            if not chosen:
                continue
            self._interrupted.pop(self.active, None)
            observation, info = env.reset(seed=seed, options=options)
            observations.check(observation, f"environment {self.first_index + self.active} of {self.name}")
            observations.write(self.active, observation)
            self.metrics.record(self.active, info)

    def step(self, actions: np.ndarray) -> None:
        """Step every environment once and write the results; environments whose episode ended are reset at once.

        Args:
            actions: (n, *action shape); environments may keep their row of it.
        """
        buffers, metrics, torque = self.buffers, self.metrics, self._torque
        rewards, terminations, truncations = buffers.rewards, buffers.terminated, buffers.truncated
        observations = buffers.observations
        stepping = buffers.stepping.data
        metrics.clear()
        for index, env in enumerate(self.envs):
            self.active = stepping[0] = index
            if index in self._interrupted:
                self._truncate_interrupted(index)
                continue
            observation, rewards[index], terminated, truncated, info = env.step(actions[index])
            terminations[index], truncations[index] = terminated, truncated
            if info:
                metrics.record(index, info)
            torque.read(index)
            if terminated or truncated:
                buffers.final_observations.write(index, observation)
                observation, _ = env.reset()
            observations.write(index, observation)
        torque.record()

    def _truncate_interrupted(self, index: int) -> None:
        """Report the end of an episode that could not be restored, instead of a step."""
        buffers = self.buffers
        buffers.rewards[index], buffers.terminated[index], buffers.truncated[index] = 0.0, False, True
        row = slice(index, index + 1)
        buffers.final_observations.rows(row).assign(buffers.observations.rows(row).arrays)
        buffers.observations.write(index, self._interrupted.pop(index))
        self._torque.skip(index)

    def call(self, indices: Sequence[int], name: str, *args: object, **kwargs: object) -> list[Any]:
        """Call a method, or read an attribute, of some environments or their wrappers.

        Args:
            indices: indices of the environments in the group.
            name: the method or attribute.
            *args: arguments of the method.
            **kwargs: keyword arguments of the method.

        Raises:
            AttributeError: an environment does not have the attribute.
        """
        results = []
        for self.active in indices:
            attribute = self.envs[self.active].get_wrapper_attr(name)
            results.append(attribute(*args, **kwargs) if callable(attribute) else attribute)
        return results

    def set_attr(self, indices: Sequence[int], name: str, values: Sequence[object]) -> None:
        """Set an attribute of some environments, on the wrapper that has it, or on the innermost environment."""
        for self.active, value in zip(indices, values, strict=True):
            self.envs[self.active].set_wrapper_attr(name, value)

    def render(self) -> Any:
        """Return the frame of the group's first environment; None if it has no render mode."""
        self.active = 0
        return self.envs[0].render() if self.envs[0].render_mode else None

    def state(self) -> list[StateDict]:
        """Return the state of every environment as plain data."""
        return [capture(env) for env in self._each()]

    def load_state(self, states: Sequence[StateDict]) -> list[str]:
        """Restore the result of `state`; return the names of the parts that could not be restored exactly.

        Environments that start a new episode instead report the interrupted one as truncated in the next step, with
        the observation in the buffers as its last observation.
        """
        inexact = []
        self._interrupted.clear()
        for env, state in zip(self._each(), states, strict=True):
            restoration = restore(env, state)
            if restoration.inexact:
                self._interrupted[self.active] = restoration.observation
                inexact += restoration.inexact
        return inexact

    def close(self) -> None:
        """Close every environment."""
        for env in self._each():
            env.close()
