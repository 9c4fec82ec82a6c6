"""Damaged messages of a Unity program end in an error that names the program, and in nothing else.

`FUZZ_MESSAGES=200000 python -m pytest --timeout=0 tests/envs/unity/test_damaged_messages.py` looks longer.
"""

import os
import queue
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.unity import Unity
from rl_pipeline.envs.errors import WorkerError
from rl_pipeline.envs.unity import instance
from rl_pipeline.envs.unity.agent_rows import StepArrays
from rl_pipeline.envs.unity.errors import UnityMessageError
from rl_pipeline.envs.unity.link import UnityLink
from rl_pipeline.envs.unity.session import UnitySession
from tests.bridge.mutations import mutated
from tests.envs.unity.mutations import (
    N_AGENTS,
    greeting,
    message,
    step_of_two_behaviours,
    with_strange_fields,
)

MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "1000"))
NAMED = "the Unity editor (port 5004) sent a message that cannot be used: "
Damage = Callable[[Any, random.Random], bytes]


class FedLink(UnityLink):
    """A link whose messages a test gives it, without a network between them."""

    def __init__(self, port: int) -> None:
        self._message = type(message())
        self._received: queue.Queue[bytes] = queue.Queue()
        self.port = port

    def feed(self, *messages: bytes) -> None:
        for data in messages:
            self._received.put(data)

    def reply(self, unity_input: Any = None) -> None:
        """Drop our answer."""

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[UnitySession, FedLink]]:
    """Start a session with the editor, which is greeted."""

    def start() -> tuple[UnitySession, FedLink]:
        link = FedLink(5004)
        link.feed(greeting().SerializeToString(), message().SerializeToString())
        monkeypatch.setattr(instance, "UnityLink", lambda port: link)
        made = UnitySession(Unity(trained_behaviour="Robot", timeout=0.1), 0, slice(0, N_AGENTS))
        made.start(seed=0)
        made.begin_reset(None)
        return made, link

    return start


def damaged_bytes(original: Any, chance: random.Random) -> bytes:
    return mutated(original.SerializeToString(), chance)


def step(session: UnitySession, arrays: StepArrays | None) -> StepArrays | None:
    arrays = session.receive(arrays)
    if session.trained is not None:
        session.send(np.zeros((N_AGENTS, *(session.trained.action_space.shape or ())), np.float32))
        session.action_masks()
    return arrays


@pytest.mark.parametrize("damage", [damaged_bytes, with_strange_fields])
@pytest.mark.parametrize("announced", [True, False])
def test_damaged_messages_end_in_the_projects_own_errors(
    damage: Damage, announced: bool, session: Callable[[], tuple[UnitySession, FedLink]]
) -> None:
    chance = random.Random(11)
    whole = step_of_two_behaviours(chance, announced=True)
    original = step_of_two_behaviours(chance, announced=announced)
    refused = unnamed = 0
    for _ in range(MESSAGES):
        running, link = session()
        arrays = None
        if not announced:
            link.feed(whole.SerializeToString())
            arrays = step(running, None)
        data = damage(original, chance)
        link.feed(data, whole.SerializeToString())
        try:
            for _ in range(2):
                arrays = step(running, arrays)
        except (ConfigError, WorkerError) as error:
            refused += 1
            unnamed += isinstance(error, UnityMessageError) and NAMED not in str(error)
    assert 0 < refused < MESSAGES
    assert not unnamed


def test_what_is_no_message_is_named(session: Callable[[], tuple[UnitySession, FedLink]]) -> None:
    running, link = session()
    link.feed(b"\xff" * 10)
    with pytest.raises(UnityMessageError, match="10 bytes are not a message of ML-Agents"):
        running.receive(None)
