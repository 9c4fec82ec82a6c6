"""Frames of every kind that a client may send, and damage to them."""

import random

from rl_pipeline.bridge.commands import encode_command
from rl_pipeline.bridge.framing import KEEP_ALIVE, encode

TEXT = bytes.fromhex("0001000003000000686900")
REGISTRATIONS = ("__subscribe", "__publish", "__ros_service", "__unity_service")
REMOVALS = ("__remove_subscriber", "__remove_publisher", "__remove_ros_service", "__remove_unity_service")
CALLS = ("__request", "__response")


def frames_of_every_kind() -> list[bytes]:
    """Return frames in both conventions of NULs."""
    frames = [KEEP_ALIVE]
    for nul in (False, True):
        named = {"topic": "/t", "message_name": "std_msgs/String"}
        frames += [encode_command(name, named, nul=nul) for name in REGISTRATIONS]
        frames += [encode_command(name, {"topic": "/t"}, nul=nul) for name in REMOVALS]
        frames += [
            encode_command(name, {"srv_id": 7}, nul=nul) + encode("/t", TEXT, nul=nul) for name in CALLS
        ]
        frames += [
            encode_command("__topic_list", {}, nul=nul),
            encode_command("__ping", {"request_time": "x", "name": 1, "nul": 2}, nul=nul),
        ]
        frames += [encode("/t", TEXT, nul=nul), encode("/t", b"", nul=nul)]
    return frames


def mutated(frame: bytes, chance: random.Random) -> bytes:
    """Change, insert, remove or cut off one to three of its bytes."""
    data = bytearray(frame)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data)) if data else 0
        match chance.randrange(4):
            case 0:
                data[at : at + 1] = chance.randbytes(1)
            case 1:
                data[at:at] = chance.randbytes(1)
            case 2:
                del data[at : at + 1]
            case 3:
                del data[chance.randrange(len(data) + 1) :]
    return bytes(data)
