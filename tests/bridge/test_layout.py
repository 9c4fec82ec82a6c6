import numpy as np
import pytest

from rl_pipeline.bridge.cdr import CdrError
from rl_pipeline.bridge.layout import MAX_LAYOUTS, MessageReader, MessageTemplate
from rl_pipeline.bridge.messages import REQUESTS, RESPONSES, decode_message, encode_message


def answer(first: float, *, ended: int = 0, metric: str = "") -> bytes:
    """Write the answer to a step of 3 environments x 2 numbers."""
    numbers = first + np.arange(6.0)
    return encode_message(
        RESPONSES["step"],
        observations=numbers,
        rewards=numbers[:3],
        terminated=np.arange(3) < ended,
        truncated=np.zeros(3),
        final_observations=numbers[: 2 * ended],
        metric_names=[metric] if metric else [],
        metrics=numbers[:3] if metric else [],
        metrics_mask=np.ones(3 if metric else 0),
    )


MESSAGES = [
    answer(0.0),
    answer(1.0),
    answer(2.0, ended=1),
    answer(3.0),
    answer(4.0, metric="speed"),
    answer(5.0, metric="range"),  # as long as the one before, with another name
    answer(6.0, ended=2, metric="range"),
    encode_message(RESPONSES["step"], error="x"),
    encode_message(RESPONSES["step"], error="y"),
]


def test_messages_of_changing_layouts_are_read_as_one_by_one() -> None:
    reader = MessageReader(RESPONSES["step"])
    for message in MESSAGES * 2:
        one_by_one, read = vars(decode_message(RESPONSES["step"], message)), vars(reader.read(message))
        for name, value in one_by_one.items():
            np.testing.assert_array_equal(read[name], value)
        assert read.keys() == one_by_one.keys()


def test_arrays_are_aligned_and_overwritten_by_the_next_message() -> None:
    reader = MessageReader(RESPONSES["step"])
    first = reader.read(answer(0.0)).observations
    assert first.flags.aligned
    reader.read(answer(1.0))
    np.testing.assert_array_equal(first, 1 + np.arange(6.0))


def test_the_same_length_with_other_counts_is_no_known_layout() -> None:
    reader = MessageReader(RESPONSES["step"])
    reader.read(answer(0.0))
    broken = bytearray(answer(0.0))
    broken[12:16] = (7).to_bytes(4, "little")  # the count of observations
    with pytest.raises(CdrError, match="bytes expected"):
        reader.read(bytes(broken) + b"")
    reader.read(answer(1.0))


def test_numbers_of_a_request_are_read_anew() -> None:
    reader = MessageReader(REQUESTS["step"])
    for sequence in range(2 * MAX_LAYOUTS):
        actions = np.full(1 + sequence, 0.5)
        message = encode_message(REQUESTS["step"], session="a", sequence=sequence, actions=actions)
        request = reader.read(message)
        assert (request.session, request.sequence) == ("a", sequence)
        np.testing.assert_array_equal(request.actions, actions)


def test_a_template_gives_the_bytes_that_are_written_field_by_field() -> None:
    template = MessageTemplate(REQUESTS["step"], session="session", actions=np.zeros(4))
    for sequence in (1, 2**40):
        actions = sequence + np.arange(4.0)
        fields = {"sequence": sequence, "actions": actions}
        expected = encode_message(REQUESTS["step"], session="session", **fields)
        assert template.filled(**fields) == expected
