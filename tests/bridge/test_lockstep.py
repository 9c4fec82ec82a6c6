import socket
import threading
import time
from collections.abc import Iterator

import pytest

from rl_pipeline.bridge.commands import CommandError, encode_command
from rl_pipeline.bridge.connection import FIRST_CALL
from rl_pipeline.bridge.framing import KEEP_ALIVE, Frame, FrameDecoder, encode
from rl_pipeline.bridge.lockstep import LockstepEndpoint, Topic

STEP = "/unity/step"
PATIENCE_S = 300.0
SPELLINGS = ('{"srv_id": %d}', '{"srv_id":%d}', '{ "srv_id" : %d }')


class Program:
    """A program whose bytes are written by hand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.socket.sendall(
            encode_command("__publish", {"topic": "/pose", "message_name": "geometry_msgs/Pose"})
        )
        for service in (STEP, "/unity/reset"):
            self.socket.sendall(
                encode_command("__unity_service", {"topic": service, "message_name": "rl/Step"})
            )

    def answer(
        self, number: int, payload: bytes, spelling: str = SPELLINGS[0], *, nul: bool = False, to: str = STEP
    ) -> bytes:
        argument = (spelling % number).encode() + (b"\0" if nul else b"")
        return encode("__response", argument, nul=nul) + encode(to, payload, nul=nul)


@pytest.fixture
def messages() -> list[tuple[Topic, bytes]]:
    return []


@pytest.fixture
def endpoint(messages: list[tuple[Topic, bytes]]) -> Iterator[LockstepEndpoint]:
    with LockstepEndpoint(on_message=lambda topic, payload: messages.append((topic, payload))) as endpoint:
        yield endpoint


@pytest.fixture
def program(endpoint: LockstepEndpoint) -> Iterator[Program]:
    program = Program(endpoint.port)
    with program.socket:
        endpoint.accept((STEP, "/unity/reset"), PATIENCE_S)
        yield program


def ask(endpoint: LockstepEndpoint, service: str = STEP) -> int:
    return endpoint.request(service, b"request", time.monotonic() + PATIENCE_S)


def response(endpoint: LockstepEndpoint, number: int, service: str = STEP) -> bytes:
    return bytes(endpoint.response(service, number, time.monotonic() + PATIENCE_S))


def test_a_request_is_two_frames(endpoint: LockstepEndpoint, program: Program) -> None:
    numbers = [ask(endpoint) for _ in range(2)]
    decoder, frames = FrameDecoder(), list[Frame]()
    while len(frames) < 5:
        frames += decoder.feed(program.socket.recv(1000))
    assert numbers == [FIRST_CALL, FIRST_CALL + 1]
    assert frames[1:] == [
        Frame("__request", b'{"srv_id": 1001}'),
        Frame(STEP, b"request"),
        Frame("__request", b'{"srv_id": 1002}'),
        Frame(STEP, b"request"),
    ]


@pytest.mark.parametrize("nul", [False, True])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_responses_but_the_first_are_read_without_cutting_frames(
    endpoint: LockstepEndpoint, program: Program, spelling: str, nul: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in range(4):
        number, payload = ask(endpoint), b"payload" * count
        program.socket.sendall(program.answer(number, payload, spelling, nul=nul))
        assert response(endpoint, number) == payload
        monkeypatch.setattr(FrameDecoder, "cut", lambda decoder: pytest.fail("cut"))


def test_numbers_that_gain_a_digit_are_read(endpoint: LockstepEndpoint, program: Program) -> None:
    endpoint._next_call = 9_998
    for number in range(9_998, 10_003):
        assert ask(endpoint) == number
        program.socket.sendall(program.answer(number, b"%d" % number))
        assert response(endpoint, number) == b"%d" % number


def test_what_comes_before_a_response_is_handled(
    endpoint: LockstepEndpoint, program: Program, messages: list[tuple[Topic, bytes]]
) -> None:
    late = encode_command("__unity_service", {"topic": "/late", "message_name": "rl/Late"})
    between = [
        KEEP_ALIVE,
        encode("/pose", b"pose"),
        late,
        b"".join((KEEP_ALIVE, encode("/pose", b"2"), late)),
    ]
    for before in (b"", *between, b""):
        number = ask(endpoint)
        program.socket.sendall(before + program.answer(number, b"%d" % number))
        assert response(endpoint, number) == b"%d" % number
    assert [payload for _, payload in messages] == [b"pose", b"2"]
    assert endpoint.offers("/late")


def test_responses_of_several_services_in_one_piece(endpoint: LockstepEndpoint, program: Program) -> None:
    services = (STEP, "/unity/reset")
    for _ in range(3):
        numbers = [ask(endpoint, service) for service in services]
        answers = zip(numbers, services, strict=True)
        program.socket.sendall(b"".join(program.answer(number, b"x", to=name) for number, name in answers))
        for number, service in zip(numbers, services, strict=True):
            assert response(endpoint, number, service) == b"x"


def test_a_response_may_come_in_pieces_of_any_size(endpoint: LockstepEndpoint, program: Program) -> None:
    payload = bytes(range(256)) * 4096
    for size in (1_000_000, 65_536, 9_999, 100_000):
        number = ask(endpoint)
        answer = program.answer(number, payload)
        pieces = [answer[:1], answer[1:20], *(answer[at : at + size] for at in range(20, len(answer), size))]
        sender = threading.Thread(target=lambda: [program.socket.sendall(piece) for piece in pieces])  # noqa: B023
        sender.start()
        assert response(endpoint, number) == payload
        sender.join()


def test_responses_to_requests_that_were_given_up_are_passed_over(
    endpoint: LockstepEndpoint, program: Program
) -> None:
    for _ in range(3):
        given_up, number = ask(endpoint), ask(endpoint)
        program.socket.sendall(program.answer(given_up, b"old") + program.answer(number, b"new"))
        assert response(endpoint, number) == b"new"


def test_a_response_that_was_not_asked_for_is_refused(endpoint: LockstepEndpoint, program: Program) -> None:
    for ahead in (0, 0, 1):
        number = ask(endpoint)
        program.socket.sendall(program.answer(number + ahead, b"x"))
        if not ahead:
            response(endpoint, number)
    with pytest.raises(CommandError, match=f"response {number + 1} arrived, but {number} was expected"):
        response(endpoint, number)


def test_only_the_number_of_the_call_is_looked_at(endpoint: LockstepEndpoint, program: Program) -> None:
    first = ask(endpoint)
    program.socket.sendall(program.answer(first, b"1", f'{{"x": {first}, "srv_id": %d}}'))
    assert response(endpoint, first) == b"1"
    second = ask(endpoint)
    old = program.answer(first, b"old", f'{{"x": {second}, "srv_id": %d}}')
    program.socket.sendall(old + program.answer(second, b"2"))
    assert response(endpoint, second) == b"2"


def test_who_is_silent_or_too_slow_is_given_up(endpoint: LockstepEndpoint, program: Program) -> None:
    number, stop = ask(endpoint), threading.Event()

    def drip() -> None:
        while not stop.wait(0.01):
            program.socket.sendall(KEEP_ALIVE)

    with pytest.raises(TimeoutError, match=f"no answer to request {number}"):
        endpoint.response(STEP, number, time.monotonic() + 0.3)
    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with pytest.raises(TimeoutError, match=f"no answer to request {number}"):
            endpoint.response(STEP, number, time.monotonic() + 0.3)
    finally:
        stop.set()
        dripping.join()


def test_who_does_not_read_is_given_up(endpoint: LockstepEndpoint, program: Program) -> None:
    with pytest.raises(TimeoutError, match="it does not read"):
        endpoint.request(STEP, bytes(2**26), time.monotonic() + 0.3)


@pytest.mark.parametrize("sent", [b"", b"\12\0\0\0__resp"])
def test_a_closed_connection_is_said_at_once(
    endpoint: LockstepEndpoint, program: Program, sent: bytes
) -> None:
    number = ask(endpoint)
    program.socket.recv(10_000)  # or the close would be a reset
    program.socket.sendall(sent)
    program.socket.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError, match="closed the connection"):
        response(endpoint, number)
