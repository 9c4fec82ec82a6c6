"""Sweeps whose study lies in a real PostgreSQL, and the reports of sweeps."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rl_pipeline.config.loading import load_config
from rl_pipeline.errors import RefusedError
from rl_pipeline.search import driver as driver_module
from rl_pipeline.search.folder import SweepFolder
from rl_pipeline.search.report import write_report
from tests.postgres import PASSWORD, PostgresServer

from .sweeps import GAMMA, LEARNING_RATE, InstantLauncher, carry_out, make_sweep, meanwhile, outcomes

PATIENCE = 300.0
RANDOM = {LEARNING_RATE: {"low": 1e-4, "high": 1e-1, "log": True}, GAMMA: {"low": 0.9, "high": 0.99}}


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "POLL_SECONDS", 0.02)


def in_database(server: PostgresServer, name: str, parent: Path) -> SweepFolder:
    section: dict[str, Any] = {"space": RANDOM, "sampler": "random", "trials": 5, "seeds": 2, "workers": 2}
    return make_sweep(parent, name=name, storage=server.url, keep=None, **section)


def kill_after(
    server: PostgresServer, folder: SweepFolder, n_checkpoints: tuple[int, ...]
) -> threading.Thread:
    """Kill the database and start it again each time when the runs have made so many checkpoints together."""

    def kill_and_restart() -> None:
        deadline = time.monotonic() + PATIENCE
        for count in n_checkpoints:
            while len(list(folder.path.glob("trial_*/*/checkpoints/step_*"))) < count:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            server.kill()
            threading.Event().wait(0.5)
            server.start()
            server.wait()

    return meanwhile(kill_and_restart)


def test_a_sweep_whose_database_is_killed_ends_with_the_same_values(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = outcomes(carry_out(in_database(server, "undisturbed_sweep", tmp_path), InstantLauncher()))
    monkeypatch.setenv("QUICK_PAUSE", "0.05")
    folder = in_database(server, "killed_sweep", tmp_path)
    killer = kill_after(server, folder, (5, 30, 60))
    trials = carry_out(folder)
    killer.join(PATIENCE)
    assert not killer.is_alive()
    assert outcomes(trials) == expected
    assert len(trials) == 5
    assert PASSWORD not in "".join(capfd.readouterr())


def test_the_report_of_a_sweep_has_a_best_configuration_that_trains(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space={LEARNING_RATE: [0.001, 0.004, 0.002, 0.003]}, seeds=2)
    with pytest.raises(RefusedError, match="has no trial yet"):
        write_report(folder.path)
    carry_out(folder, InstantLauncher())
    page = write_report(folder.path)
    assert page == folder.path / "report.html"
    assert "trial 1" in page.read_text()
    best = folder.path / "best.yaml"
    assert load_config(best).config.training.algorithm_parameters["learning_rate"] == 0.004
    command = [
        sys.executable,
        "-m",
        "rl_pipeline",
        "train",
        "--config",
        best.name,
    ]
    result = subprocess.run(command, cwd=folder.path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_report_of_a_sweep_in_a_database_survives_a_move(server: PostgresServer, tmp_path: Path) -> None:
    folder = in_database(server, "moved", tmp_path)
    carry_out(folder, InstantLauncher())
    moved = folder.path.rename(tmp_path / "elsewhere")
    text = write_report(moved).read_text()
    assert (moved / "best.yaml").is_file()
    assert str(tmp_path) not in text
    assert PASSWORD not in text
