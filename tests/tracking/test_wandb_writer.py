import json
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rl_pipeline.tracking.wandb_writer import WandbWriter

ReadWandb = Callable[[Path], list[Any]]

pytestmark = pytest.mark.usefixtures("wandb_home")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def of_kind(records: list[Any], kind: str) -> list[Any]:
    return [getattr(record, kind) for record in records if record.WhichOneof("record_type") == kind]


def history(records: list[Any]) -> list[dict[str, Any]]:
    rows = []
    for record in of_kind(records, "history"):
        row: dict[str, Any] = {}
        for item in record.item:
            *names, last = item.nested_key
            entry = row
            for name in names:
                entry = entry.setdefault(name, {})
            entry[last] = json.loads(item.value_json)
        rows.append({name: value for name, value in row.items() if not name.startswith("_")})
    return rows


def test_offline_mode_keeps_what_the_run_is(run_folder: Path, read_wandb: ReadWandb) -> None:
    writer = WandbWriter(
        run_folder,
        project="robots",
        entity="lab",
        name="ant_seed_0",
        group="ant",
        tags=["ppo", "baseline"],
        config={"training": {"algorithm": "PPO"}, "seed": 0},
        mode="offline",
        run_id="abcd1234",
    )
    assert writer.run_id == "abcd1234"
    assert writer.url is None
    writer.close("finished")
    (run,) = of_kind(read_wandb(run_folder), "run")
    assert (run.run_id, run.project, run.entity) == ("abcd1234", "robots", "lab")
    assert (run.display_name, run.run_group, list(run.tags)) == ("ant_seed_0", "ant", ["ppo", "baseline"])
    config = {update.key: json.loads(update.value_json) for update in run.config.update}
    assert config["training"] == {"algorithm": "PPO"}
    assert config["seed"] == 0


def test_offline_mode_keeps_metrics_over_timesteps(run_folder: Path, read_wandb: ReadWandb) -> None:
    writer = WandbWriter(run_folder, project="robots", mode="offline")
    writer.write(2048, {"rollout/ep_rew_mean": 1 / 3, "train/loss": 0.5})
    writer.write(4096, {"eval/mean_reward": 7.0})
    writer.close("finished")
    records = read_wandb(run_folder)
    assert history(records) == [
        {"timestep": 2048, "rollout/ep_rew_mean": 1 / 3, "train/loss": 0.5},
        {"timestep": 4096, "eval/mean_reward": 7.0},
    ]
    (everything,) = [metric for metric in of_kind(records, "metric") if metric.glob_name == "*"]
    assert everything.step_metric == "timestep"


@pytest.mark.parametrize(("status", "exit_code"), [("finished", 0), ("failed", 1), ("interrupted", 1)])
def test_the_status_is_kept(run_folder: Path, read_wandb: ReadWandb, status: str, exit_code: int) -> None:
    WandbWriter(run_folder, project="robots", mode="offline").close(status)
    assert [record.exit_code for record in of_kind(read_wandb(run_folder), "exit")] == [exit_code]


def test_films_and_models_are_kept(run_folder: Path, read_wandb: ReadWandb) -> None:
    film = run_folder / "step_100.mp4"
    film.write_bytes(b"film")
    best = run_folder / "best"
    best.mkdir()
    (best / "model.zip").write_bytes(b"model")
    (best / "state.json").write_text("{}")
    writer = WandbWriter(run_folder, project="robots", mode="offline", run_id="abcd1234")
    writer.film("video/evaluation", film, 100)
    writer.artifact("best", best, 100, "model")
    (best / "model.zip").unlink()  # as when older checkpoints are removed
    writer.close("finished")

    records = read_wandb(run_folder)
    (row,) = history(records)
    assert row["timestep"] == 100
    assert row["video/evaluation"]["_type"] == "video-file"
    (copy,) = run_folder.rglob(row["video/evaluation"]["path"])
    assert copy.read_bytes() == b"film"
    assert film.exists()

    (artifact,) = of_kind(records, "artifact")
    assert (artifact.name, artifact.type) == ("model-abcd1234", "model")
    assert {"best", "latest"} == set(artifact.aliases)
    assert json.loads(artifact.metadata) == {"timestep": 100}
    contents = {entry.path: Path(entry.local_path).read_bytes() for entry in artifact.manifest.contents}
    assert contents == {"model.zip": b"model", "state.json": b"{}"}


def test_a_single_file_is_an_artifact(run_folder: Path, read_wandb: ReadWandb) -> None:
    (run_folder / "policy.onnx").write_bytes(b"onnx")
    writer = WandbWriter(run_folder, project="robots", mode="offline", run_id="abcd1234")
    writer.artifact("final", run_folder / "policy.onnx", 100, "onnx")
    writer.close("finished")
    (artifact,) = of_kind(read_wandb(run_folder), "artifact")
    assert (artifact.name, artifact.type) == ("onnx-abcd1234", "onnx")
    assert [entry.path for entry in artifact.manifest.contents] == ["policy.onnx"]


def test_a_run_goes_on_under_its_id(run_folder: Path, read_wandb: ReadWandb) -> None:
    first = WandbWriter(run_folder, project="robots", mode="offline")
    first.write(100, {"a": 1.0})
    first.close("interrupted")
    second = WandbWriter(run_folder, project="robots", mode="offline", run_id=first.run_id)
    second.rewind(100)
    second.write(200, {"a": 2.0})
    second.close("finished")
    records = read_wandb(run_folder)
    assert [run.run_id for run in of_kind(records, "run")] == [first.run_id] * 2
    assert sorted(row["timestep"] for row in history(records)) == [100, 200]


def test_the_variable_of_wandb_chooses_the_mode(
    run_folder: Path, read_wandb: ReadWandb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    writer = WandbWriter(run_folder, project="robots")
    writer.write(1, {"a": 1.0})
    writer.close("finished")
    assert len(history(read_wandb(run_folder))) == 1


def test_disabled_writes_nothing(run_folder: Path) -> None:
    writer = WandbWriter(run_folder, project="robots", mode="disabled")
    writer.write(1, {"a": 1.0})
    assert writer.url is None
    writer.close("finished")
    assert not list(run_folder.rglob("*.wandb"))


def test_without_a_login_the_run_is_kept_offline(run_folder: Path, read_wandb: ReadWandb) -> None:
    with pytest.warns(RuntimeWarning, match="could not go online: nobody is logged in.*kept offline"):
        writer = WandbWriter(run_folder, project="robots", mode="online")
    writer.write(1, {"a": 1.0})
    writer.close("finished")
    assert history(read_wandb(run_folder)) == [{"timestep": 1, "a": 1.0}]


def test_no_key_is_asked_for_on_a_terminal(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked for input"))
    monkeypatch.setattr("getpass.getpass", lambda *_: pytest.fail("asked for a key"))
    with pytest.warns(RuntimeWarning, match="nobody is logged in"):
        WandbWriter(run_folder, project="robots", mode="online").close("finished")


def test_without_network_the_run_is_kept_offline(
    run_folder: Path, read_wandb: ReadWandb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    start = time.monotonic()
    with pytest.warns(RuntimeWarning, match="could not go online.*kept offline"):
        writer = WandbWriter(run_folder, project="robots", mode="online", run_id="abcd1234", init_timeout=1)
    assert time.monotonic() - start < 60
    writer.write(1, {"a": 1.0})
    writer.close("finished")
    assert {"timestep": 1, "a": 1.0} in history(read_wandb(run_folder))


@pytest.fixture
def silent_server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_never_answers_is_given_up(
    run_folder: Path, read_wandb: ReadWandb, monkeypatch: pytest.MonkeyPatch, silent_server: str
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", silent_server)
    start = time.monotonic()
    with pytest.warns(RuntimeWarning, match="could not go online.*kept offline"):
        writer = WandbWriter(run_folder, project="robots", mode="online", init_timeout=1)
    assert time.monotonic() - start < 60
    writer.write(1, {"a": 1.0})
    writer.close("finished")
    assert {"timestep": 1, "a": 1.0} in history(read_wandb(run_folder))


def test_an_impossible_start_switches_wandb_off(run_folder: Path) -> None:
    with pytest.warns(RuntimeWarning, match="could not start.*Nothing of this run goes to W&B"):
        writer = WandbWriter(run_folder, project="ro/bots", mode="offline")
    writer.write(1, {"a": 1.0})
    writer.film("video/train", run_folder / "film.mp4", 1)
    writer.artifact("best", run_folder, 1, "model")
    writer.flush()
    assert writer.url is None
    writer.close("finished")


def test_errors_while_logging_are_warned_about_once(run_folder: Path, read_wandb: ReadWandb) -> None:
    writer = WandbWriter(run_folder, project="robots", mode="offline")
    with pytest.warns(RuntimeWarning, match="W&B could not log"):
        writer.artifact("best", run_folder / "missing", 1, "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.film("video/train", run_folder / "missing.txt", 1)
        writer.write(2, {"a": 1.0})
        writer.close("finished")
    assert history(read_wandb(run_folder)) == [{"timestep": 2, "a": 1.0}]


def test_a_hanging_wandb_never_holds_up_the_training(run_folder: Path, read_wandb: ReadWandb) -> None:
    def write_until_the_queue_is_full() -> None:
        for timestep in range(20_000):
            writer.write(timestep, {f"metric_{index}": 0.5 for index in range(50)})

    writer = WandbWriter(run_folder, project="robots", mode="offline", finish_timeout=1)
    (core,) = [child for child in psutil.Process().children(recursive=True) if "wandb" in child.name()]
    core.suspend()
    try:
        with pytest.warns(RuntimeWarning, match="could not keep up: its queue is full") as warned:
            write_until_the_queue_is_full()
        assert len(warned) == 1
    finally:
        core.resume()
    writer.close("finished")
    timesteps = [row["timestep"] for row in history(read_wandb(run_folder))]
    assert 1_000 <= len(timesteps) < 20_000
    assert timesteps == sorted(set(timesteps))
