"""The worker's side of the communication between `WorkerVectorEnv` and its processes.

A request is a pickled pair (command, arguments), a reply a pickled `Reply`; actions, observations, rewards,
flags and metrics go through memory that both sides map.
"""

import mmap
import pickle
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import NamedTuple

import cloudpickle

from rl_pipeline.envs.gymnasium.buffers import StepBuffers, map_buffers
from rl_pipeline.envs.gymnasium.description import GroupDescription
from rl_pipeline.envs.gymnasium.group import EnvGroup
from rl_pipeline.plain_data import StateDict


class Failure(NamedTuple):
    """An exception in a worker, as text: its type may not exist in the parent."""

    environment: int
    """Index in the whole batch."""
    message: str
    traceback: str
    is_attribute_error: bool


class Reply(NamedTuple):
    """Answer of a worker to a command."""

    result: object = None
    failure: Failure | None = None


class WorkerServer:
    """Executes the commands of the parent on a group of environments.

    Args:
        connection: connection to the parent.
        memory_handle: file descriptor of the memory that parent and workers share.
    """

    def __init__(self, connection: Connection, memory_handle: int) -> None:
        self.connection = connection
        self.memory_handle = memory_handle
        self.group: EnvGroup | None = None
        self.first_index = 0
        self.buffers: StepBuffers
        self._known_keys = 0

    def run(self) -> None:
        """Answer commands until `close`; the answer to a command that raises is the failure."""
        while True:
            command, arguments = pickle.loads(self.connection.recv_bytes())
            try:
                reply = cloudpickle.dumps(Reply(getattr(self, f"do_{command}")(*arguments)))
            except Exception as error:  # noqa: BLE001  raised again in the parent
                reply = cloudpickle.dumps(Reply(failure=self._failure(error)))
            if command == "close":
                return
            self.connection.send_bytes(reply)

    def _failure(self, error: Exception) -> Failure:
        active = self.group.active if self.group is not None else 0
        return Failure(
            environment=self.first_index + active,
            message=f"{type(error).__name__}: {error}",
            traceback="".join(traceback.format_exception(error)),
            is_attribute_error=isinstance(error, AttributeError),
        )

    def do_make(self, env_fns: bytes, first_index: int) -> GroupDescription:
        """Make the environments."""
        self.first_index = first_index
        self.group = EnvGroup(pickle.loads(env_fns), first_index)
        return self.group.describe()

    def do_attach(self, n: int) -> None:
        """Map the memory of the whole batch of n environments and select this group's rows."""
        description = self._group.describe()
        memory = mmap.mmap(self.memory_handle, 0)
        everything = map_buffers(memory, description.observation_space, description.action_space, n)
        self.buffers = everything.rows(slice(self.first_index, self.first_index + len(self._group.envs)))
        self._group.attach(self.buffers)

    @property
    def _group(self) -> EnvGroup:
        if self.group is None:
            raise RuntimeError("the environments of this worker have not been made")
        return self.group

    def _new_keys(self) -> list[str]:
        """Return the names of the metrics that have not been sent to the parent."""
        keys = self._group.metrics.keys
        new, self._known_keys = keys[self._known_keys :], len(keys)
        return new

    def do_reset(
        self, seeds: Sequence[int | None], options: dict[str, object] | None, mask: Sequence[bool]
    ) -> list[str]:
        """Reset the environments in the mask."""
        self._group.reset(seeds, options, mask)
        return self._new_keys()

    def do_step(self) -> list[str]:
        """Step all environments with the actions in the shared memory."""
        self._group.step(self.buffers.actions.copy())  # a copy, since environments may keep their action
        return self._new_keys()

    def do_call(
        self, indices: Sequence[int], name: str, args: Sequence[object], kwargs: dict[str, object]
    ) -> object:
        """Call a method, or read an attribute, of some environments."""
        return self._group.call(indices, name, *args, **kwargs)

    def do_set_attr(self, name: str, values: Sequence[object]) -> None:
        """Set an attribute of every environment."""
        self._group.set_attr(range(len(self._group.envs)), name, values)

    def do_render(self) -> object:
        """Return the frame of the first environment."""
        return self._group.render()

    def do_state(self) -> list[StateDict]:
        """Return the state of every environment."""
        return self._group.state()

    def do_load_state(self, states: Sequence[StateDict]) -> list[str]:
        """Restore the state of every environment; return the names of the inexact attributes."""
        return self._group.load_state(states)

    def do_close(self) -> None:
        """Close all environments."""
        if self.group is not None:
            self.group.close()
