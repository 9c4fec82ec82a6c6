"""A vector environment whose environments are in Unity programs that connect to the training."""

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.unity_ros import UnityRos
from rl_pipeline.envs.contract import share_rows
from rl_pipeline.envs.errors import SimulationLostError, SimulationMissingError
from rl_pipeline.envs.remote.batch import RemoteAnswer
from rl_pipeline.envs.remote.vector_env import RemoteVectorEnv
from rl_pipeline.envs.ros import ros_needed
from rl_pipeline.envs.unity_ros.instance import UnityInstance
from rl_pipeline.envs.unity_ros.session import Call, UnitySession
from rl_pipeline.plain_data import StateDict
from rl_pipeline.wrappers.base import Frames

if TYPE_CHECKING:
    from rl_pipeline.envs.ros.mirror import TopicMirror

logger = logging.getLogger(__name__)


class UnityRosVectorEnv(RemoteVectorEnv[UnitySession]):
    """Environments in Unity programs, stepped with one request and one reply on the socket of each program.

    Raises:
        ConfigError: A build does not exist, a port is in use, or a program simulates another environment.
        SimulationMissingError: A program did not connect.
    """

    section = "environment.unity_ros"

    def __init__(
        self, environment_id: str, settings: UnityRos, num_envs: int, render_mode: str | None
    ) -> None:
        super().__init__(num_envs, render_mode, settings.max_restarts)
        self._instances: list[UnityInstance] = []
        self._mirror = _mirror(settings.mirror_rate)
        try:
            for index, rows in enumerate(share_rows(num_envs, settings.n_instances)):
                sessions = _sessions(settings, rows, render_mode)
                shown = self._mirror.take if self._mirror is not None and index == 0 else None
                self._instances.append(UnityInstance(index, settings, sessions, shown))
            for instance in self._instances:
                self._check_served(instance, instance.start(), environment_id)
            self._use([session for instance in self._instances for session in instance.sessions])
        except BaseException:
            self.close_extras()
            raise

    @staticmethod
    def _check_served(instance: UnityInstance, served: list[str], environment_id: str) -> None:
        for name in served:
            if name != environment_id:
                message = f"{instance.name} simulates {name}"
                remedy = f"write {name}, or start another build"
                raise ConfigError([Problem("environment.id", message, environment_id, remedy=remedy)])

    def _exchange(self, service: str, calls: Sequence[Call]) -> Iterator[RemoteAnswer]:
        remaining = iter(calls)
        lost: dict[int, SimulationLostError] = {}
        for index, instance in enumerate(self._instances):
            try:
                instance.send(list(itertools.islice(remaining, len(instance.sessions))))
            except SimulationLostError as error:
                lost[index] = error
        return self._answers(service, lost)

    def _answers(self, service: str, lost: Mapping[int, SimulationLostError]) -> Iterator[RemoteAnswer]:
        for index, instance in enumerate(self._instances):
            try:
                if index in lost:
                    raise lost[index]
                answers: list[RemoteAnswer] = instance.receive(service)
            except SimulationLostError as error:
                self._lose(error)
                answers = [None] * len(instance.sessions)
            yield from answers

    def _replace(self, batch: UnitySession) -> RemoteAnswer:
        instance = next(one for one in self._instances if batch in one.sessions)
        while not instance.is_open:
            try:
                instance.start()
            except (SimulationLostError, SimulationMissingError) as error:
                self._lose(error)
        return instance.reset_one(batch, self._fresh_seeds(batch))

    def render(self) -> Frames:
        """Return the picture of environment 0 as a 1-tuple; None if its program has none, or has died."""
        if self.render_mode != "rgb_array":
            return (None,)
        try:
            return (self._instances[0].picture(),)
        except SimulationLostError as error:  # the next step restarts it
            logger.warning("no picture: %s", error)
            return (None,)

    def state_dict(self) -> StateDict:
        """Return the data for restarts; the state of a Unity program cannot be saved."""
        return self._history()

    def load_state_dict(self, state: StateDict) -> None:
        """Continue with new episodes, with seeds derived from the result of `state_dict`."""
        self._begin_anew(state)

    def close_extras(self, **kwargs: object) -> None:
        """End the programs that were started here, and close the ports."""
        for instance in self._instances:
            instance.close()
        if self._mirror is not None:
            self._mirror.close()


def _mirror(rate: float) -> "TopicMirror | None":
    if not rate:
        return None
    with ros_needed("environment.unity_ros.mirror_rate", rate):
        from rl_pipeline.envs.ros.mirror import TopicMirror
    return TopicMirror(rate)


def _sessions(settings: UnityRos, rows: slice, render_mode: str | None) -> list[UnitySession]:
    prefix = "/" + settings.prefix.strip("/")
    first_mode = render_mode if rows.start == 0 else None
    if settings.services == "batch":
        return [UnitySession(prefix, rows, first_mode)]
    return [
        UnitySession(f"{prefix}_{number}", slice(row, row + 1), first_mode if number == 0 else None)
        for number, row in enumerate(range(rows.start, rows.stop))
    ]
