"""Environments in worker processes, with several environments in each."""

import pickle
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np

from rl_pipeline.envs.contract import seed_after_restart
from rl_pipeline.envs.gymnasium.buffers import buffer_size, map_buffers
from rl_pipeline.envs.gymnasium.description import check_alike
from rl_pipeline.envs.gymnasium.vector_base import EnvListVectorEnv
from rl_pipeline.envs.gymnasium.worker import WorkerProcess
from rl_pipeline.envs.gymnasium.worker_pool import WorkerPool
from rl_pipeline.envs.step_limit import StepLimit, shown_action
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Frames, Infos, ResetOptions, Seed, StepResult

STEP = pickle.dumps(("step", ()))


class WorkerVectorEnv(EnvListVectorEnv):
    """Steps its environments in worker processes; for simulators that take longer than a message.

    Trajectories are those of `InProcessVectorEnv`, for any number of workers. A worker that dies is restarted: its
    environments begin new episodes, and the interrupted episodes are reported as truncated with reward 0 and the
    last known observation.

    Args:
        env_fns: one function per environment that makes it; may be lambdas and closures.
        n_workers: number of processes, at most one per environment.
        max_restarts: total number of restarts of workers that died.
        close_timeout: seconds that the workers have to close their environments before they are killed.
        step_timeout: seconds after which a worker that does not answer counts as dead; None for no limit.

    Raises:
        TypeError: the observation or action space cannot be batched.
        ValueError: the number of workers is not between 1 and the number of environments, or the environments
            differ in their spaces.
        WorkerError: an environment cannot be made.
    """

    def __init__(
        self,
        env_fns: Sequence[Callable[[], gymnasium.Env]],
        n_workers: int,
        max_restarts: int = 3,
        close_timeout: float = 5.0,
        step_timeout: float | None = None,
    ) -> None:
        if not 1 <= n_workers <= len(env_fns):
            raise ValueError(f"n_workers is {n_workers}; it must be from 1 to {len(env_fns)} (environments)")
        self._interrupted: set[WorkerProcess] = set()
        self._base_seeds: list[int | None] = [None] * len(env_fns)
        self._pool = WorkerPool(
            env_fns,
            n_workers,
            max_restarts,
            self._prepare_restarted,
            close_timeout,
            StepLimit(step_timeout),
            self._describe_command,
        )
        try:
            self._start(len(env_fns))
        except BaseException:
            self.close()
            raise

    def _start(self, n: int) -> None:
        descriptions = self._pool.start()
        check_alike(descriptions, [worker.rows.start for worker in self._workers])
        self._describe(descriptions[0], n)
        spaces = self.single_observation_space, self.single_action_space
        self._buffers = map_buffers(self._pool.share_memory(buffer_size(*spaces, n)), *spaces, n)
        self._last_observations = self._buffers.observations.clone()
        self._pool.request("attach", n)

    @property
    def _workers(self) -> list[WorkerProcess]:
        return self._pool.workers

    def _parts(self) -> list[tuple[slice, list[str]]]:
        return [(worker.rows, worker.metric_keys) for worker in self._workers]

    def _prepare_restarted(self, worker: WorkerProcess) -> None:
        """Start new episodes in the environments of a restarted worker, with seeds derived from the run's."""
        worker.ask("attach", self.num_envs)
        restarts = self._pool.restarts
        indices = range(worker.rows.start, worker.rows.stop)
        seeds = [seed_after_restart(self._base_seeds[index], index, restarts) for index in indices]
        worker.metric_keys += worker.ask("reset", seeds, None, [True] * len(seeds))
        self._interrupted.add(worker)

    def _describe_command(self, worker: WorkerProcess, command: str) -> str:
        if command != "step":
            return f"`{command}`"
        index = worker.rows.start + int(self._buffers.stepping[worker.rows.start])
        return f"`step` of environment {index} with the action {shown_action(self._buffers.actions[index])}"

    def reset(self, *, seed: Seed = None, options: ResetOptions = None) -> tuple[Observation, Infos]:
        """Start new episodes; arguments and result as for `InProcessVectorEnv.reset`."""
        seeds = self.expand_seed(seed)
        old_and_new = zip(self._base_seeds, seeds, strict=True)
        self._base_seeds = [old if new is None else new for old, new in old_and_new]
        passed_on, mask = self.split_options(options)
        arguments = [(worker, (seeds[worker.rows], passed_on, mask[worker.rows])) for worker in self._workers]
        new_keys = self._pool.request_each("reset", arguments)
        self._interrupted = {worker for worker in self._interrupted if not mask[worker.rows].all()}
        self._learn_keys(self._workers, new_keys)
        self._last_observations = self._buffers.observations.clone()
        return self._buffers.observations.copy(), self._buffers.infos(self._parts())

    def step(self, actions: np.ndarray) -> StepResult:
        """Step every environment once, with same-step autoreset."""
        self._buffers.actions[...] = self.check_actions(actions)
        asked = [worker for worker in self._workers if worker not in self._interrupted]
        new_keys = self._pool.exchange([(worker, STEP) for worker in asked], repeat=False)
        self._learn_keys(asked, new_keys)
        self._truncate_interrupted()
        self._last_observations = self._buffers.observations.clone()
        return self._buffers.step_result(self._parts())

    @staticmethod
    def _learn_keys(workers: Sequence[WorkerProcess], new_keys: Sequence[list[str] | None]) -> None:
        for worker, keys in zip(workers, new_keys, strict=True):
            worker.metric_keys += keys or ()

    def _truncate_interrupted(self) -> None:
        """Report the episodes of a dead worker as truncated."""
        buffers = self._buffers
        for worker in self._interrupted:
            rows = worker.rows
            buffers.rewards[rows], buffers.terminated[rows], buffers.truncated[rows] = 0.0, False, True
            buffers.metric_mask[:, rows] = False
            buffers.final_observations.rows(rows).assign(self._last_observations.rows(rows).arrays)
        self._interrupted.clear()

    def call_on(self, indices: Sequence[int], name: str, *args: object, **kwargs: object) -> list[Any]:
        """Call a method, or read an attribute, of some sub-environments; arguments and results are pickled."""
        wanted = [(worker, [i for i in indices if i in worker]) for worker in self._workers]
        wanted = [(worker, own) for worker, own in wanted if own]
        arguments = [
            (worker, ([i - worker.rows.start for i in own], name, args, kwargs)) for worker, own in wanted
        ]
        replies = self._pool.request_each("call", arguments)
        results: dict[int, Any] = {}
        for (_, own), reply in zip(wanted, replies, strict=True):
            results.update(zip(own, reply, strict=True))
        return [results[index] for index in indices]

    def set_attr(self, name: str, values: object) -> None:
        """Set an attribute of every sub-environment; a list or tuple contains one value for each."""
        listed = self._values(values)
        self._pool.request_each(
            "set_attr", [(worker, (name, listed[worker.rows])) for worker in self._workers]
        )

    def render(self) -> Frames:
        """Return the frame of environment 0 as a 1-tuple."""
        return tuple(self._pool.request_each("render", [(self._workers[0], ())]))

    def state_dict(self) -> StateDict:
        """Return the same as `InProcessVectorEnv.state_dict`, and the data for restarts of workers."""
        states = [state for group in self._pool.request("state") for state in group]
        return self._state(states) | {"restarts": self._pool.restarts, "base_seeds": list(self._base_seeds)}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore the result of `state_dict` of this class or of `InProcessVectorEnv`."""
        self._load_batch(state)
        self._last_observations = self._buffers.observations.clone()
        self._pool.restarts = state.get("restarts", 0)
        self._base_seeds = state.get("base_seeds", self._base_seeds)
        arguments = [(worker, (state["environments"][worker.rows],)) for worker in self._workers]
        inexact = self._pool.request_each("load_state", arguments)
        self._interrupted.clear()
        self._warn_inexact([name for names in inexact for name in names])

    def close_extras(self, **kwargs: object) -> None:
        """End the workers; kill those that take longer than `close_timeout` seconds in total."""
        self._pool.close()
