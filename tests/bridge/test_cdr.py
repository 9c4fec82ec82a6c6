import numpy as np
import pytest

from rl_pipeline.bridge.cdr import CdrError, CdrReader, CdrWriter


def test_text_as_unity_writes_it() -> None:
    assert CdrWriter().string("hi").message() == bytes.fromhex("0001000003000000686900")
    assert CdrReader(bytes.fromhex("0001000003000000686900")).string() == "hi"


def test_a_header_as_unity_writes_it() -> None:
    data = CdrWriter().primitive("i", 1700000000).primitive("I", 123456789).string("base_link").message()
    assert data.hex() == "0001000000f1536515cd5b070a000000626173655f6c696e6b00"


def test_an_empty_sequence_of_float64_is_not_padded() -> None:
    data = CdrWriter().primitive("I", 0).primitive("I", 0).array(np.empty(0)).message()
    assert data.hex() == "00010000000000000000000000000000"


def test_padding_is_zero_and_fields_come_back() -> None:
    values = np.array([1.0, -2.5])
    data = CdrWriter().primitive("?", True).array(values).array(values, counted=False).message()
    reader = CdrReader(data)
    assert data[5:8] == bytes(3)
    assert reader.primitive("?") is True
    np.testing.assert_array_equal(reader.array(np.float64), values)
    np.testing.assert_array_equal(reader.array(np.float64, count=2), values)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\0", b"\0\1\0\0\2\0", b"\0\1\0\0\xff\xff\xff\xff", b"\0\1\0\0\1\0\0\0\xff"]
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(CdrError):
        CdrReader(data).string()
