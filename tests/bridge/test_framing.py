import random
import struct

import pytest

from rl_pipeline.bridge.commands import CommandError, parse_arguments
from rl_pipeline.bridge.framing import KEEP_ALIVE, Frame, FrameDecoder, FrameError, encode

from .mutations import frames_of_every_kind, mutated

MUTATED_FRAMES = 100_000


@pytest.mark.parametrize("nul", [False, True])
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_frames_survive_pieces_of_any_size_and_both_nul_conventions(nul: bool, piece: int) -> None:
    frames = [Frame("/chatter", b"\0\1\0\0\3\0\0\0hi\0"), Frame("", b""), Frame("/a", b"x" * 50)]
    stream = b"".join(encode(frame.topic, frame.payload, nul=nul and bool(frame.topic)) for frame in frames)
    decoder = FrameDecoder()
    decoded = [
        frame for at in range(0, len(stream), piece) for frame in decoder.feed(stream[at : at + piece])
    ]
    assert decoded == frames


def test_a_keep_alive_is_eight_zeros() -> None:
    assert [frame.is_keep_alive for frame in FrameDecoder().feed(KEEP_ALIVE)] == [True]


def test_bytes_of_a_frame() -> None:
    assert encode("/a", b"xyz") == b"\2\0\0\0/a\3\0\0\0xyz"


@pytest.mark.parametrize("stream", [struct.pack("<I", 5000), b"\1\0\0\0a" + struct.pack("<I", 101)])
def test_lengths_over_the_limit_are_refused_before_their_bytes_come(stream: bytes) -> None:
    with pytest.raises(FrameError, match="at most"):
        list(FrameDecoder(max_frame=100).feed(stream))


def test_frames_before_a_broken_one_are_still_read() -> None:
    frames = FrameDecoder(max_frame=10).feed(encode("/a", b"1") + b"\xff" * 8)
    assert next(frames) == Frame("/a", b"1")
    with pytest.raises(FrameError):
        next(frames)


def test_an_expected_frame_is_taken_only_when_it_is_all_there() -> None:
    head = encode("/a", b"")[:-4]
    decoder = FrameDecoder(max_frame=10)
    for payload in (b"12", b"3"):
        stream = encode("/a", payload)
        for byte in range(len(stream)):
            assert decoder.cut_expected(head) is None  # bytes of the frame before do not count
            decoder.room()[:1] = stream[byte : byte + 1]
            decoder.received(1)
        assert decoder.cut_expected(encode("/b", b"")[:-4]) is None
        assert decoder.cut_expected(head) == payload
        assert not decoder.is_in_frame
    decoder.room()[:10] = encode("/a", bytes(11))[:10]
    decoder.received(10)
    with pytest.raises(FrameError, match="at most"):
        decoder.cut_expected(head)


def test_mutated_frames_are_read_or_refused() -> None:
    chance = random.Random(5)
    kinds = frames_of_every_kind()
    refused = read = 0
    for _ in range(MUTATED_FRAMES):
        decoder = FrameDecoder(max_frame=1000)
        try:
            for frame in decoder.feed(mutated(chance.choice(kinds), chance)):
                read += 1
                if frame.topic.startswith("__"):
                    parse_arguments(frame.payload)
        except (FrameError, CommandError):
            refused += 1
    assert read > 10_000
    assert refused > 10_000
