import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import optuna
import pytest

from rl_pipeline.search.storage import open_storage

from .studies import RANGES

PATIENCE = 300.0


def answer(url: str, process: "subprocess.Popen[str]") -> bytes:
    """Return what a server says as soon as it answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as response:
                return bytes(response.read())
        except urllib.error.URLError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.mark.parametrize("kind", ["journal", "postgresql"])
def test_optuna_dashboard_opens_the_storage(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    is_journal = kind == "journal"
    target = str(tmp_path / "study.journal") if is_journal else request.getfixturevalue("server").url
    study = optuna.create_study(study_name="my sweep", storage=open_storage(target))
    study.tell(study.ask(fixed_distributions=RANGES), 1.5)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = str(Path(sys.executable).with_name("optuna-dashboard"))
    command = [program, target, "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    try:
        studies = json.loads(answer(f"http://127.0.0.1:{port}/api/studies", process))["study_summaries"]
        [summary] = [one for one in studies if one["study_name"] == "my sweep"]
        details = json.loads(answer(f"http://127.0.0.1:{port}/api/studies/{summary['study_id']}", process))
        assert details["trials"][0]["values"] == [1.5]
    finally:
        process.terminate()
        process.wait(PATIENCE)
