"""A vector environment whose environments are agents in Unity builds."""

import logging
import warnings
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.unity import Unity
from rl_pipeline.envs.contract import BackendVectorEnv, seed_after_restart, share_rows
from rl_pipeline.envs.unity.agent_rows import StepArrays
from rl_pipeline.envs.unity.behaviour import Behaviour, sensor_boxes
from rl_pipeline.envs.unity.session import UnitySession
from rl_pipeline.envs.unity_process import UnityProcessError
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Frames, Infos, ResetOptions, Seed, StepResult, reset_mask

logger = logging.getLogger(__name__)


class MLAgentsVectorEnv(BackendVectorEnv):
    """Agents of one behaviour, in one or more processes that are stepped at the same time.

    A process that crashes is restarted: its environments begin new episodes, and the interrupted episodes are
    reported as truncated with reward 0 and the last known observation.

    Args:
        settings: section of the configuration.
        num_envs: number of environments, at least one per process.
        render_mode: kept for the interface; a build shows its own window.

    Raises:
        ConfigError: The settings do not fit the build.
        UnityProcessError: A build does not start.
    """

    def __init__(self, settings: Unity, num_envs: int, render_mode: str | None = None) -> None:
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._max_restarts = settings.max_restarts
        self._terminated_is_success = settings.terminated_is_success
        self._restarts = self._timestep = 0
        self._seeds: list[int | None] = [None] * num_envs
        self._interrupted = False
        self._sessions = [
            UnitySession(settings, index, rows)
            for index, rows in enumerate(share_rows(num_envs, settings.n_instances))
        ]
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        for session in self._sessions:
            session.start(seed=session.rows.start)
            session.follow_curricula(0)
            session.begin_reset(None)
            self._finish_reset(session, None)
        behaviour = self._check_alike()
        spaces_of_agent = behaviour.observation_space, behaviour.action_space
        self._set_spaces(self.num_envs, *spaces_of_agent, {"render_modes": []})
        self._last = self._nothing().observations

    def _check_alike(self) -> Behaviour:
        behaviours = [session.trained for session in self._sessions if session.trained is not None]
        first = behaviours[0]
        for behaviour in behaviours:
            if behaviour.observation_space != first.observation_space:
                message = f"processes differ: {first.observation_space}, {behaviour.observation_space}"
                raise ConfigError([Problem("environment.unity", message)])
        return first

    def _nothing(self) -> StepArrays:
        return StepArrays(self.num_envs, sensor_boxes(self.single_observation_space))

    @staticmethod
    def _finish_reset(session: UnitySession, step: StepArrays | None) -> None:
        """Wait until every environment of a process has an agent; the first agents do nothing until then."""
        step = session.receive(step)
        while not session.complete:
            session.send_still()
            step = session.receive(step)

    def reset(self, *, seed: Seed = None, options: ResetOptions = None) -> tuple[Observation, Infos]:
        """Start new episodes in all environments; Unity cannot start them only in some.

        Args:
            seed: A number, or one for each environment, of which the first one of each process is used. The scene
                gets it as the environment parameter `seed`. None sets no seed.
            options: `reset_mask` must be true for all environments.

        Raises:
            ValueError: Only some environments would be reset, or the number of seeds is wrong.
            UnityProcessError: A build crashed too often.
        """
        if not reset_mask(options, self.num_envs).all():
            raise ValueError("Unity resets all environments of a scene together; reset_mask marks only some")
        if seed is not None:
            self._seeds = self.expand_seed(seed)
        step = self._nothing()
        for session in self._sessions:
            try:
                session.begin_reset(None if seed is None else self._seeds[session.rows.start])
                self._finish_reset(session, step)
            except UnityProcessError as error:
                self._replace(session, error, step)
        self._last, self._interrupted = step.observations, False
        return self._observation(step.observations), {}

    def step(self, actions: np.ndarray) -> StepResult:
        """Step every environment once, with same-step autoreset.

        Raises:
            ValueError: The actions have a wrong shape.
            UnityMessageError: A build sent a message that is not valid, such as a number that is not finite.
            UnityProcessError: A build crashed too often.
        """
        actions = self.check_actions(actions)
        step = self._nothing()
        if self._interrupted:
            self._interrupted = False
            step.observations = self._restarted
            step.truncate(slice(0, self.num_envs), self._last)
        else:
            self._advance(actions, step)
        self._last = step.observations
        self._timestep += self.num_envs
        return self._result(step)

    def _advance(self, actions: np.ndarray, step: StepArrays) -> None:
        for session in self._sessions:
            session.follow_curricula(self._timestep)
            session.begin_step(step)
        pending = list(self._sessions)
        while pending:
            for session in pending:
                session.send(actions)
            for session in pending:
                try:
                    session.receive(step)
                except UnityProcessError as error:
                    self._replace(session, error, step)
                    step.truncate(session.rows, self._last)
            pending = [session for session in pending if not session.complete]

    def _replace(self, session: UnitySession, error: Exception, step: StepArrays) -> None:
        """Restart a process, with seeds derived from the run's."""
        self._restarts += 1
        if self._restarts > self._max_restarts:
            raise UnityProcessError(
                f"{error}\nit had already been restarted {self._max_restarts} times (environment.unity.max_restarts)"
            ) from error
        logger.warning("%s\nits episodes end here and new ones begin", error)
        first = session.rows.start
        seed = seed_after_restart(self._seeds[first], first, self._restarts)
        session.start(seed)
        session.follow_curricula(self._timestep)
        session.begin_reset(seed)
        self._finish_reset(session, step)

    def _observation(self, sensors: list[np.ndarray]) -> Any:
        if not isinstance(self.single_observation_space, spaces.Dict):
            return sensors[0].copy()
        named = zip(self.single_observation_space.spaces, sensors, strict=True)
        return {name: values.copy() for name, values in named}

    def _result(self, step: StepArrays) -> StepResult:
        infos: Infos = {}
        for name, (values, mask) in step.metrics.items():
            infos[name], infos[f"_{name}"] = values, mask
        if self._terminated_is_success:
            infos["is_success"], infos["_is_success"] = step.terminated.astype(np.float64), step.ended
        if step.ended.any():
            infos["final_obs"], infos["_final_obs"] = self._observation(step.final), step.ended
        return self._observation(step.observations), step.rewards, step.terminated, step.truncated, infos

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the allowed actions of each agent, (n, choices of all branches), for MaskablePPO."""
        behaviour = self._sessions[0].trained
        masks = np.ones((self.num_envs, sum(behaviour.branches) if behaviour else 0), np.bool_)
        for session in self._sessions:
            for row, mask in session.action_masks().items():
                masks[row] = mask
        return masks

    def process_ids(self) -> list[int | None]:
        """Return the process id of each build."""
        return [session.pid for session in self._sessions]

    def render(self) -> Frames:
        """Return no picture: a build shows its own window."""
        return (None,)

    def state_dict(self) -> StateDict:
        """Return the state on this side; the state of a Unity scene cannot be saved."""
        return {
            "exact": False,
            "last": [values.copy() for values in self._last],
            "seeds": list(self._seeds),
            "restarts": self._restarts,
            "timestep": self._timestep,
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Continue the curricula; episodes cannot be continued, so the next step reports them as truncated."""
        warnings.warn(
            "Unity scenes cannot be restored exactly; they start new episodes", RuntimeWarning, stacklevel=2
        )
        self._timestep, self._restarts = state["timestep"], state["restarts"]
        self._seeds = list(state["seeds"])
        for session in self._sessions:
            session.follow_curricula(self._timestep)
        self.reset()
        self._restarted, self._last = self._last, [values.copy() for values in state["last"]]
        self._interrupted = True

    def close_extras(self, **kwargs: object) -> None:
        """End the processes."""
        for session in self._sessions:
            session.close()
