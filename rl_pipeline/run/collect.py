"""Recording of experts' episodes."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.datasets.episode import STARTS, Contents, Episode, Observed, Origin, Start
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.envs.contract import base_env
from rl_pipeline.errors import RefusedError
from rl_pipeline.policies.policy import Policy
from rl_pipeline.policies.rollout import Rollout, Transition
from rl_pipeline.policies.spec import PolicySpec, describe_signals, signals_fit
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.episode_recorder import EpisodeRecorder, ReturnUnits, Task
from rl_pipeline.run.expert import Expert, open_expert, remembers_actions
from rl_pipeline.run.metadata import commit_of_code

KIND = "rollouts"
"""Kind of the spec in a file of rollouts, which belongs to no policy."""


@dataclass(frozen=True)
class CollectionPlan:
    """The episodes to record of each expert.

    Attributes:
        from_start: Episodes from their start.
        from_random: Episodes from random points.
        noise: Standard deviation of the noise on the actions, in the units of the action.
        seed: Determines the seeds of all episodes.
        observed: Which observations to record.
        n_environments: Maximum number of environments that are stepped together.
        longest_prefix: Maximum number of steps before a recording from a random point.
    """

    from_start: int
    from_random: int = 0
    noise: float = 0.0
    seed: int = 0
    observed: Observed = "raw"
    n_environments: int = 10
    longest_prefix: int = 200

    def tasks(self, expert: str) -> Iterator[Task]:
        """Yield the episodes of an expert, those from the start first."""
        for start, count in zip(STARTS, (self.from_start, self.from_random), strict=True):
            for number in range(count):
                origin = Origin(expert, start, number, self.noise)
                yield Task(origin, self._seed(expert, start, number), self.longest_prefix)

    def _seed(self, expert: str, start: Start, number: int) -> int:
        entropy = (self.seed, zlib.crc32(expert.encode()), STARTS.index(start), number)
        return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)


def contents_of(experts: Sequence[Expert], plan: CollectionPlan) -> Contents:
    """Describe a file with episodes of some experts.

    Raises:
        RefusedError: The experts have different observations or actions.
    """
    specs = [_recorded_spec(expert, plan.observed) for expert in experts]
    for expert, spec in zip(experts, specs, strict=True):
        pairs = (
            ("observes", spec.observation, specs[0].observation),
            ("commands", spec.action, specs[0].action),
        )
        for what, own, first in pairs:
            if not signals_fit(own, first):
                raise RefusedError(
                    f"{expert.name} {what} {describe_signals(own)}, {experts[0].name} {what} "
                    f"{describe_signals(first)}; collect them into different files"
                )
    return Contents(
        specs[0],
        plan.observed,
        experts[0].config.environment.id,
        {expert.name: expert.describe() for expert in experts},
        commit_of_code(),
    )


def _recorded_spec(expert: Expert, observed: Observed) -> PolicySpec:
    spec = expert.spec
    observation = spec.inputs if observed == "seen" else spec.observation
    return PolicySpec(KIND, observation, observation, spec.action, spec.rate)


def collect(
    experts: Sequence[Expert],
    plan: CollectionPlan,
    store: RolloutStore,
    control: TrainingControl,
    report: Callable[[Expert, int, int], object],
) -> None:
    """Record the episodes that are missing in a store, until it is complete or a stop is requested.

    Args:
        experts: The experts that act.
        plan: The episodes to record of each.
        store: Keeps the episodes.
        control: Requests a stop; unfinished episodes are then dropped.
        report: Called after each stored episode with the expert, its number of stored episodes, and their total.

    Raises:
        RefusedError: An expert cannot act alone, or its actions take no noise.
        OSError: The disk is full; the stored episodes are safe.
    """
    for expert in experts:
        tasks = list(plan.tasks(expert.name))
        missing = [task for task in tasks if task.origin not in store.origins]
        if not missing or control.stop_reason is not None:
            continue
        n_environments = min(plan.n_environments, len(missing))
        with open_expert(expert, plan.observed, n_environments) as (policy, env):
            _refuse_noise(expert, plan, env)
            kept = len(tasks) - len(missing)
            for episodes in Collection(expert, policy, env, missing).episodes(control):
                store.add(episodes)
                kept += len(episodes)
                report(expert, kept, len(tasks))


def _refuse_noise(expert: Expert, plan: CollectionPlan, env: VectorEnv) -> None:
    space = env.single_action_space
    if not plan.noise:
        return
    if not isinstance(space, spaces.Box):
        raise RefusedError(
            f"--noise: the actions of {expert.name} are {space}; noise needs continuous actions"
        )
    if plan.observed == "raw" and remembers_actions(expert):
        raise RefusedError(
            f"--noise: {expert.name} observes its last actions, so it would have to observe the noise; "
            "add --observations seen"
        )


class Collection:
    """An expert in its environments, each of which records one episode after another.

    Args:
        expert: The expert.
        policy: Its policy.
        env: Its environments.
        tasks: The episodes to record.
    """

    def __init__(self, expert: Expert, policy: Policy[Any], env: VectorEnv, tasks: Sequence[Task]) -> None:
        self._env, self._policy = env, policy
        self._units = ReturnUnits(expert.gamma, expert.gae_lambda, expert.reward_scale())
        self._takes_seeds = expert.config.environment.traits.exact_state
        self._waiting = iter(tasks)
        self._noise = bool(tasks[0].origin.noise)
        self._recorders = [self._next(index) for index in range(env.num_envs)]

    def episodes(self, control: TrainingControl) -> Iterator[list[Episode]]:
        """Yield the episodes that each step finishes, until all are recorded or a stop is requested."""
        with self._policy.sampling(0):
            rollout = Rollout(
                self._policy,
                self._env,
                seed=None,
                action_masks=base_env(self._env).action_masks,
                add_noise=self._add_noise if self._noise else None,
                with_values=True,
            )
            self._start(rollout)
            while any(self._recorders) and control.stop_reason is None:
                transition = rollout.step()
                if ended := self._take(transition):
                    yield ended
                if transition.ended.any():
                    self._start(rollout)

    def _take(self, transition: Transition) -> list[Episode]:
        ended = []
        for index, recorder in enumerate(self._recorders):
            episode = recorder.take(transition, self._units) if recorder else None
            if episode is not None:
                ended.append(episode)
                self._recorders[index] = self._next(index)
        return ended

    def _start(self, rollout: Rollout) -> None:
        """Start the episodes that must begin now with their seeds; robots start without a seed."""
        if not self._takes_seeds:
            return
        seeds = [
            recorder.task.seed if recorder is not None and recorder.must_start else None
            for recorder in self._recorders
        ]
        if any(seed is not None for seed in seeds):
            rollout.restart(seeds)

    def _next(self, index: int) -> EpisodeRecorder | None:
        task = next(self._waiting, None)
        return None if task is None else EpisodeRecorder(task, index, self._takes_seeds)

    def _add_noise(self, means: NDArray[Any]) -> NDArray[Any]:
        space = self._env.single_action_space
        assert isinstance(space, spaces.Box)
        noisy = means.astype(np.float64)
        for index, recorder in enumerate(self._recorders):
            if recorder is not None:
                noisy[index] += recorder.noise(means.shape[1:])
        return np.clip(noisy, space.low, space.high).astype(means.dtype)
