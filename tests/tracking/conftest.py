import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BLOCK_SIZE = 32768
HEADER_SIZE = 7
LAST_PARTS = (1, 4)  # a whole record, and the last part of one that spans blocks


@pytest.fixture
def wandb_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder without a login, from which W&B reaches no network but this machine."""
    wandb = pytest.importorskip("wandb")
    home = tmp_path / "home"
    home.mkdir()
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_ENTITY", "WANDB_PROJECT", "WANDB_RUN_ID", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DIR"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # the port that discards; nobody listens
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_X_DISABLE_STATS", "true")
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.teardown()  # W&B reads its variables once
    yield home
    wandb.teardown()


@pytest.fixture
def read_wandb() -> Callable[[Path], list[Any]]:
    """Reads the records of the W&B runs in a folder: a log in the format of LevelDB, of protobuf messages."""
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    def records_of(path: Path) -> Iterator[Any]:
        data = path.read_bytes()
        assert data[:4] == b":W&B"
        position, record = HEADER_SIZE, b""
        while position + HEADER_SIZE <= len(data):
            left_in_block = BLOCK_SIZE - position % BLOCK_SIZE
            if left_in_block < HEADER_SIZE:
                position += left_in_block
                continue
            _, length, part = struct.unpack_from("<IHB", data, position)
            position += HEADER_SIZE + length
            record += data[position - length : position]
            if part in LAST_PARTS:
                yield Record.FromString(record)
                record = b""

    def read(folder: Path) -> list[Any]:
        wandb.teardown()  # its process writes to the end
        return [record for path in sorted(folder.rglob("*.wandb")) for record in records_of(path)]

    return read
