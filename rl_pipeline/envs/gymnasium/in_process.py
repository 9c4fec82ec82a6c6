"""Environments that are stepped one after another in this process."""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np

from rl_pipeline.envs.gymnasium.buffers import allocate_buffers
from rl_pipeline.envs.gymnasium.group import EnvGroup
from rl_pipeline.envs.gymnasium.vector_base import EnvListVectorEnv
from rl_pipeline.envs.step_limit import begin_step, end_step, shown_action
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Frames, Infos, ResetOptions, Seed, StepResult


class InProcessVectorEnv(EnvListVectorEnv):
    """Steps its environments in the calling process; the fastest choice for cheap simulators.

    Args:
        env_fns: one function per environment that makes it.

    Attributes:
        envs: the sub-environments.

    Raises:
        TypeError: the observation or action space cannot be batched.
        ValueError: the environments differ in their spaces.
    """

    def __init__(self, env_fns: Sequence[Callable[[], gymnasium.Env]]) -> None:
        self._group = EnvGroup(env_fns)
        self.envs = self._group.envs
        self._describe(self._group.describe(), len(self.envs))
        self._buffers = allocate_buffers(
            self.single_observation_space, self.single_action_space, self.num_envs
        )
        self._group.attach(self._buffers)

    def _parts(self) -> list[tuple[slice, list[str]]]:
        return [(slice(None), self._group.metrics.keys)]

    def reset(self, *, seed: Seed = None, options: ResetOptions = None) -> tuple[Observation, Infos]:
        """Start new episodes.

        Args:
            seed: environment i gets `seed + i`; a sequence gives one seed per environment.
            options: passed to every environment, except `reset_mask`, a bool array (n,), which selects the
                environments that start a new episode; the others continue.

        Returns:
            The batched observation, and the numeric metrics that the environments report at their reset.
        """
        passed_on, mask = self.split_options(options)
        self._guarded(self._group.reset, self.expand_seed(seed), passed_on, mask)
        return self._buffers.observations.copy(), self._buffers.infos(self._parts())

    def step(self, actions: np.ndarray) -> StepResult:
        """Step every environment once, with same-step autoreset."""
        self._stepped = self.check_actions(actions)
        previous = begin_step(self._describe_step)
        try:
            self._guarded(self._group.step, self._stepped)
        finally:
            end_step(previous)
        return self._buffers.step_result(self._parts())

    def _describe_step(self) -> str:
        index = self._group.active
        return f"environment {index} of {self.name} with the action {shown_action(self._stepped[index])}"

    def _guarded(self, function: Callable[..., None], *args: object) -> None:
        try:
            function(*args)
        except Exception as error:
            error.add_note(f"raised by environment {self._group.active} of {self.name}")
            raise

    def call_on(self, indices: Sequence[int], name: str, *args: object, **kwargs: object) -> list[Any]:
        """Call a method, or read an attribute, of some sub-environments."""
        return self._group.call(indices, name, *args, **kwargs)

    def set_attr(self, name: str, values: object) -> None:
        """Set an attribute of every sub-environment; a list or tuple contains one value for each."""
        self._group.set_attr(range(self.num_envs), name, self._values(values))

    def render(self) -> Frames:
        """Return the frame of environment 0 as a 1-tuple."""
        return (self._group.render(),)

    def state_dict(self) -> StateDict:
        """Return simulators, random generators and elapsed steps as plain data; `exact` is whether it is complete."""
        return self._state(self._group.state())

    def load_state_dict(self, state: StateDict) -> None:
        """Restore the result of `state_dict` of this class or of `WorkerVectorEnv`."""
        self._load_batch(state)
        self._warn_inexact(self._group.load_state(state["environments"]))

    def close_extras(self, **kwargs: object) -> None:
        """Close every environment."""
        self._group.close()
