"""What a simulation refuses, without a network."""

from array import array
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.ros.services.server import SimulationServer

NAN, INFINITY = float("nan"), float("inf")


class StepResponse(SimpleNamespace):
    """Stands for the message, which only exists where ROS is."""


class ResetResponse(SimpleNamespace):
    """Stands for the message, which only exists where ROS is."""


class Client:
    """One client of a server in this process."""

    def __init__(self, environment_id: str, num_envs: int = 2) -> None:
        environment = Environment(id=environment_id, n_environments=num_envs)
        self.server = SimulationServer(
            environment_id, num_envs, lambda n, mode: make_vector_env(environment, n_environments=n)
        )
        self.session = self.open().session
        self.sequence = 0

    def open(self, num_envs: int = 0, client: str = "me") -> Any:
        request = SimpleNamespace(client=client, num_envs=num_envs, render_mode="")
        return self.server.open(request, SimpleNamespace(error=""))

    def _sequence(self, sequence: int | None) -> int:
        self.sequence += sequence is None
        return self.sequence if sequence is None else sequence

    def step(self, actions: list[float], sequence: int | None = None) -> Any:
        number = self._sequence(sequence)
        request = SimpleNamespace(session=self.session, sequence=number, actions=array("d", actions))
        return self.server.step(request, StepResponse(error=""))

    def reset(self, seeds: list[int], mask: list[int], sequence: int | None = None) -> Any:
        number = self._sequence(sequence)
        request = SimpleNamespace(
            session=self.session, sequence=number, seeds=array("q", seeds), mask=array("B", mask)
        )
        return self.server.reset(request, ResetResponse(error=""))


@pytest.fixture
def pendulum() -> Iterator[Client]:
    client = Client("Pendulum-v1")
    client.reset([1, 2], [])
    yield client
    client.server.close_all()


@pytest.mark.parametrize("bad", [NAN, INFINITY, -INFINITY, 1e300])
def test_actions_that_are_not_finite_are_refused_and_step_nothing(pendulum: Client, bad: float) -> None:
    reference = Client("Pendulum-v1")
    reference.reset([1, 2], [])
    answer = pendulum.step([0.5, bad])
    assert "RequestError: actions of environment 1 are [" in answer.error
    assert "they must be finite numbers" in answer.error
    assert pendulum.step([0.5, 0.5]).observations == reference.step([0.5, 0.5]).observations


def test_an_older_request_is_refused_and_steps_nothing(pendulum: Client) -> None:
    reference = Client("Pendulum-v1")
    reference.reset([1, 2], [])
    for _ in range(3):
        latest = pendulum.step([0.1, 0.1])
        reference.step([0.1, 0.1])
    assert pendulum.step([0.1, 0.1], sequence=4) is latest
    for sequence in (0, 1, 3):
        answer = pendulum.step([0.1, 0.1], sequence=sequence)
        assert f"sequence is {sequence}, but request 4 was already executed" in answer.error
        assert "already executed" in pendulum.reset([], [], sequence=sequence).error
    assert "number of another service's request" in pendulum.reset([], [], sequence=4).error
    assert pendulum.step([0.1, 0.1]).observations == reference.step([0.1, 0.1]).observations


@pytest.mark.parametrize(
    ("environment_id", "actions", "message"),
    [
        ("Pendulum-v1", [0.0], "1 numbers in actions, 2 environments need 2"),
        ("Pendulum-v1", [0.0] * 3, "3 numbers in actions, 2 environments need 2"),
        ("CartPole-v1", [0.0, 2.0], "actions of environment 1 are [2]; valid is Discrete(2)"),
        ("CartPole-v1", [-1.0, 0.0], "actions of environment 0 are [-1]; valid is Discrete(2)"),
        ("CartPole-v1", [0.0, 0.5], "actions of environment 1 are [0.5]; they must be integers"),
        ("CartPole-v1", [NAN, 0.0], "actions of environment 0 are [nan]; they must be integers"),
        ("CartPole-v1", [0.0, 1e300], "actions of environment 1 are [1e+300]; they must be integers"),
    ],
)
def test_actions_without_a_meaning_are_refused(
    environment_id: str, actions: list[float], message: str
) -> None:
    client = Client(environment_id)
    assert message in client.step(actions).error
    assert not client.step([1.0, 1.0]).error


@pytest.mark.parametrize(
    ("seeds", "mask", "message"),
    [
        ([1], [], "1 seeds for 2 environments; send none, or one for each"),
        ([1, 2, 3], [], "3 seeds for 2 environments"),
        ([1, -2], [], "seeds are [1, -2]; they must be non-negative integers"),
        ([], [1], "1 flags in mask for 2 environments"),
        ([], [0, 2], "mask is [0, 2]; its flags must be 0 or 1"),
        ([], [0, 0], "mask marks no environment"),
    ],
)
def test_resets_without_a_meaning_are_refused(
    pendulum: Client, seeds: list[int], mask: list[int], message: str
) -> None:
    reference = Client("Pendulum-v1")
    reference.reset([1, 2], [])
    assert message in pendulum.reset(seeds, mask).error
    assert pendulum.step([0.5, 0.5]).observations == reference.step([0.5, 0.5]).observations


def test_a_mask_resets_some(pendulum: Client) -> None:
    before = np.array(pendulum.step([0.5, 0.5]).observations).reshape(2, 3)
    after = np.array(pendulum.reset([7, 8], [0, 1]).observations).reshape(2, 3)
    assert (before[0] == after[0]).all()
    assert (before[1] != after[1]).any()


def test_too_many_environments_are_refused(pendulum: Client) -> None:
    assert "num_envs is 4294967295; it must be at most 65536" in pendulum.open(2**32 - 1, "other").error
