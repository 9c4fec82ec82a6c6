import struct
import subprocess
from pathlib import Path

import pytest

from rl_pipeline.bridge.cdr import CdrWriter
from tests.unity_build.mono import PROTOCOL, SOURCES, compile_csharp, needs_mono

pytestmark = needs_mono

# Written by Unity's own serializer.
STAMPED = "0001000000f1536515cd5b070a000000626173655f6c696e6b00"
OF_UNITY = {
    "std_msgs/String": "0001000003000000686900",
    "std_msgs/Bool": "0001000001",
    "std_msgs/Int32": "00010000f9ffffff",
    "std_msgs/Int64": "00010000007ac45efeffffff",
    "std_msgs/Float32": "000100000000003f",
    "std_msgs/Float64": "000100009a9999999999b93f",
    "std_msgs/Header": STAMPED,
    "std_msgs/Float32MultiArray": "000100000100000002000000780000000300000003000000"
    "00000000030000000000803f0000004000004040",
    "std_msgs/Float64MultiArray": "000100000100000002000000780000000300000003000000"
    "000000000200000000000000000000000000f03f0000000000000040",
    "geometry_msgs/Twist": "00010000" + struct.pack("<6d", 1, 2, 3, 4, 5, 6).hex(),
    "geometry_msgs/Pose": "00010000" + struct.pack("<7d", 1, 2, 3, 0, 0, 0.6, 0.8).hex(),
    "geometry_msgs/PoseStamped": STAMPED + "0000" + struct.pack("<7d", 1, 2, 3, 0, 0, 0.6, 0.8).hex(),
    "sensor_msgs/JointState": STAMPED + "0000"
    "020000000400000068697000050000006b6e6565000000000200000000000000000000000000e03f000000000000d0bf"
    "0200000000000000000000000000f03f000000000000004000000000",
}


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [*PROTOCOL.glob("*.cs"), SOURCES / "EchoProgram.cs"]
    return compile_csharp(tmp_path_factory.mktemp("echo") / "echo.exe", *sources)


def answers(echo: Path, lines: list[str]) -> list[str]:
    text = "\n".join(lines) + "\n"
    command = ["mono", str(echo)]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=True, timeout=300
    ).stdout.splitlines()


def test_messages_of_unity_come_back_byte_for_byte(echo: Path) -> None:
    assert answers(echo, [f"{kind} {data}" for kind, data in OF_UNITY.items()]) == list(OF_UNITY.values())


def test_messages_of_the_python_end_come_back_byte_for_byte(echo: Path) -> None:
    text = CdrWriter().string("größer ☺").message().hex()
    empty = CdrWriter().primitive("I", 0).primitive("I", 0).primitive("I", 0).message().hex()
    assert answers(echo, [f"std_msgs/String {text}", f"std_msgs/Float64MultiArray {empty}"]) == [text, empty]


@pytest.mark.parametrize(
    ("kind", "data", "complaint"),
    [
        ("std_msgs/String", "00000000030000006869", "header"),
        ("std_msgs/String", "0001000003000000", "do not fit"),
        ("std_msgs/String", "0001000002000000ff00", "not UTF-8"),
        ("std_msgs/Float64", "000100000000", "8 bytes expected"),
        ("std_msgs/Float64MultiArray", "000100000000000000000000ffffffff", "4294967295 items do not fit"),
    ],
)
def test_bad_bytes_are_refused(echo: Path, kind: str, data: str, complaint: str) -> None:
    [answer] = answers(echo, [f"{kind} {data}"])
    assert answer.startswith("CdrException: ")
    assert complaint in answer
