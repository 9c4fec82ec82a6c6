import os
import socket
from collections.abc import Iterator

import pytest

from rl_pipeline.doctor import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_purpose_and_its_owner(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "PORTS", {taken: "tea"})
    (finding,) = ports.check()
    assert finding.level == "warning"
    assert finding.text.startswith(f"{taken} (tea) is in use by ")
    assert f"process {os.getpid()}" in finding.text


def test_a_free_port_is_well(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        free = candidate.getsockname()[1]
    monkeypatch.setattr(ports, "PORTS", {free: "tea"})
    assert [finding.level for finding in ports.check()] == ["ok"]
