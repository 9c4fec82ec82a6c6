import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from rl_pipeline.errors import CommandFailedError, RefusedError
from rl_pipeline.search.storage import open_storage
from tests.postgres import PASSWORD, PostgresServer
from tests.small_disk import mounted

from .studies import RANGES, SPACE, Search


def study_in(storage: BaseStorage, name: str) -> optuna.Study:
    return optuna.create_study(study_name=name, storage=storage, load_if_exists=True)


def test_a_database_that_is_killed_between_ask_and_tell_counts_nothing_twice(
    server: PostgresServer, capfd: pytest.CaptureFixture[str]
) -> None:
    study = study_in(open_storage(server.url), "killed")
    for number in range(2):
        trial = study.ask(fixed_distributions=SPACE)
        trial.set_user_attr("name", f"trial {number}")
        server.kill()
        later = threading.Timer(0.5, server.start)
        later.start()
        study.tell(trial, float(number))
        later.join()
    for reopened in (study, study_in(open_storage(server.url), "killed")):
        assert [trial.value for trial in reopened.trials] == [0.0, 1.0]
        assert [trial.user_attrs["name"] for trial in reopened.trials] == [f"trial {n}" for n in range(2)]
    said = capfd.readouterr().err
    assert said.count("does not answer; waiting for at most 10 minutes") == 2
    assert said.count("answers again") == 2
    assert PASSWORD not in said


def test_a_database_that_is_killed_at_any_moment_counts_nothing_twice(server: PostgresServer) -> None:
    """Kill it again and again while trials are asked for, written to and told."""
    study = study_in(open_storage(server.url), "any moment")
    ended = threading.Event()

    def kill_again_and_again() -> None:
        while not ended.wait(0.7):
            server.kill()
            server.start()
            server.wait()

    killer = threading.Thread(target=kill_again_and_again)
    killer.start()
    try:
        deadline = time.monotonic() + 6
        n_trials = 0
        while time.monotonic() < deadline:
            trial = study.ask(fixed_distributions=RANGES)
            assert trial.number == n_trials
            for step in range(3):
                trial.report(float(step), step)
            trial.set_user_attr("runs", [{"seed": 1}])
            study.tell(trial, float(n_trials))
            n_trials += 1
    finally:
        ended.set()
        killer.join()
    trials = study_in(open_storage(server.url), "any moment").trials
    assert [trial.value for trial in trials] == [float(number) for number in range(n_trials)]
    assert all(trial.intermediate_values == {0: 0.0, 1: 1.0, 2: 2.0} for trial in trials)
    assert all(trial.params.keys() == RANGES.keys() for trial in trials)


@pytest.mark.parametrize("sampler", [("random", {}), ("cmaes", {"popsize": 4})])
def test_samplers_resume_from_a_database(
    server: PostgresServer, sampler: tuple[str, dict[str, object]]
) -> None:
    def asked(name: str, kills: tuple[int, ...]) -> list[dict[str, object]]:
        search = Search(lambda: study_in(open_storage(server.url), f"{sampler[0]} {name}"), sampler, RANGES)
        parameters = []
        for number in range(8):
            if number in kills:
                search.kill()
            parameters.append(search.ask())
            search.tell(number)
        return parameters

    assert asked("killed", (2, 5)) == asked("undisturbed", ())


def test_a_database_that_stays_away_ends_the_search_with_a_remedy(server: PostgresServer) -> None:
    study = study_in(open_storage(server.url, patience=1.0), "away")
    trial = study.ask(fixed_distributions=RANGES)
    server.kill()
    try:
        with pytest.raises(CommandFailedError) as caught:
            study.tell(trial, 1.0)
    finally:
        server.start()
        server.wait()
    text = caught.value.text()
    assert "127.0.0.1" in text
    assert "rl-pipeline sweep --resume" in text
    assert PASSWORD not in text
    study.tell(trial, 2.0)
    assert [one.value for one in study.trials] == [2.0]


def test_a_database_that_cannot_be_opened_is_refused_at_once(server: PostgresServer) -> None:
    for url in (server.url.replace("/postgres", "/absent"), "postgresql://u:secret@127.0.0.1:1/x"):
        with pytest.raises(RefusedError) as caught:
            open_storage(url)
        assert "cannot be opened" in caught.value.text()
        assert "secret" not in caught.value.text()


@pytest.mark.parametrize("url", ["nonsense://host/x", "postgresql://host:port/x"])
def test_what_is_no_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(RefusedError, match="postgresql://user@host/database"):
        open_storage(url)


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RefusedError, match=r"rl-pipeline\[postgresql\]"):
        open_storage("postgresql://user@127.0.0.1:1/x")
    with pytest.raises(RefusedError, match="MySQLdb"):
        open_storage("mysql://user@127.0.0.1:1/x")


def test_sqlite_serves_too(tmp_path: Path) -> None:
    study = study_in(open_storage(f"sqlite:///{tmp_path}/study.db"), "s")
    study.tell(study.ask(fixed_distributions=SPACE), 1.0)
    assert len(study_in(open_storage(f"sqlite:///{tmp_path}/study.db"), "s").trials) == 1


@pytest.mark.parametrize("url", ["sqlite:///study.db", "sqlite://", "sqlite:///:memory:"])
def test_sqlite_needs_an_absolute_path(url: str) -> None:
    with pytest.raises(RefusedError, match="sqlite:////absolute/path"):
        open_storage(url)


@pytest.mark.parametrize("url", ["journal", "postgresql"])
def test_no_trial_is_declared_failed_because_nobody_beats(
    url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    target = tmp_path / "study.journal" if url == "journal" else request.getfixturevalue("server").url
    study_in(open_storage(target), "heartbeat").ask(fixed_distributions=RANGES)
    reopened = study_in(open_storage(target), "heartbeat")
    assert [trial.state for trial in reopened.trials] == [TrialState.RUNNING]
    assert not optuna.storages._heartbeat.is_heartbeat_enabled(reopened._storage)


def test_a_journal_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "study.journal"
    study_in(open_storage(file), "s").ask(fixed_distributions=RANGES)
    whole = file.read_bytes()
    for cut in (b'{"op_code":4,"worker', b'{"op_code":4,"worker_id":"x","trial_id":0}'):
        file.write_bytes(whole + cut)
        study = study_in(open_storage(file), "s")
        study.trials[0]
        trial = study.ask(fixed_distributions=RANGES)
        study.tell(trial, 1.0)
        assert [one.value for one in study_in(open_storage(file), "s").trials] == [None, 1.0]


def test_a_journal_survives_a_full_disk(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "64k") as disk:
        file = disk / "study.journal"
        study = study_in(open_storage(file), "s")
        study.tell(study.ask(fixed_distributions=RANGES), 1.0)
        filler = disk / "filler"
        filler.write_bytes(bytes(40_000))
        with pytest.raises(OSError, match="space"):
            _fill(study)
        filler.unlink()
        reopened = study_in(open_storage(file), "s")
        reopened.tell(reopened.ask(fixed_distributions=RANGES), 2.0)
        assert [one.value for one in study_in(open_storage(file), "s").trials] == [1.0, 2.0]


def _fill(study: optuna.Study) -> None:
    while True:
        study.set_user_attr("text", "x" * 3000)


def test_a_lock_that_a_killed_process_left_is_overcome_in_a_moved_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optuna's default lock is a link to the path of the journal: where that is gone, it waits for ever."""
    folder = tmp_path / "before"
    folder.mkdir()
    study_in(open_storage(folder / "study.journal"), "s").ask(fixed_distributions=RANGES)
    code = "import sys, time; from rl_pipeline.search.storage import _MendingLock;"
    code += "_MendingLock(sys.argv[1]).acquire(); print('locked', flush=True); time.sleep(1000)"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "study.journal")], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    folder.rename(tmp_path / "after")
    monkeypatch.setattr("rl_pipeline.search.storage.GRACE", 3)
    study = study_in(open_storage(tmp_path / "after" / "study.journal"), "s")
    study.tell(0, 1.0)
    assert study.best_value == 1.0
