"""`rl-pipeline list`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from rl_pipeline.commands.list_runs import COLUMNS
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.latest import mark_latest
from rl_pipeline.run.locate import find_run

from .conftest import Command

DATE = "2026-01-0{}_10-00-00"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("envs", "CartPole-v1"),
        ("algorithms", "sac            Box"),
        ("extractors", "ResnetMLP"),
    ],
)
def test_list_names_what_there_is(what: str, expected: str, command: Command) -> None:
    outcome = command("list", what)
    assert outcome.status == 0
    assert expected in outcome.output.splitlines()


def test_a_trained_run_is_a_row(command: Command, trained: RunFolder) -> None:
    head, row = command("list", "runs").output.splitlines()
    assert tuple(head.split()) == COLUMNS
    date, _, environment, algorithm, seed, timesteps, _, _, status, name = row.split()
    assert trained.name.startswith(f"tiny_{date}")
    assert (environment, algorithm, seed, timesteps) == ("CartPole-v1", "A2C", "0", "40")
    assert (status, name) == ("finished", trained.name)
    stats = json.loads((trained.path / "stats.json").read_text())
    (listed,) = json.loads(command("list", "runs", "--json").output)
    assert listed["best_return"] == stats["best"]["mean_reward"]
    assert listed["minutes"] == stats["seconds"] / 60
    assert (listed["path"], listed["name"]) == (str(trained.path), "tiny")
    latest = Path("experiments/CartPole-v1/latest")
    assert latest.resolve() == trained.path
    assert find_run(str(latest)) == find_run("CartPole-v1/latest") == trained


def test_what_lies_in_a_run_is_not_listed(command: Command, make_run: Callable[[str], RunFolder]) -> None:
    run = make_run(f"walk_{DATE.format(1)}")
    mark_latest(RunFolder(run.path.resolve()))
    (run.path / "code").mkdir()
    (run.path / "code/config.yaml").touch()
    assert names(command) == ["walk"]


@pytest.fixture
def runs(make_run: Callable[[str], RunFolder]) -> None:
    """Five runs: two seeds that ended, one that was stopped, one without statistics, one that is damaged."""
    for number, (name, seed, best, status) in enumerate(
        [("walk", 0, 20.0, "finished"), ("walk", 1, 100.5, "finished"), ("hop", 0, -3.0, "stopped")], start=1
    ):
        run = make_run(f"{name}_{DATE.format(number)}")
        config = {
            "experiment": {"name": name, "seed": seed},
            "environment": {"id": "code/tank.py:Tank"},
            "training": {"algorithm": "sac"},
        }
        run.config.write_text(yaml.safe_dump(config))
        run.metadata.write_text(json.dumps({"status": status}))
        stats = {"timesteps": 10**number, "seconds": 90.0, "best": {"timestep": 5, "mean_reward": best}}
        (run.path / "stats.json").write_text(json.dumps(stats))
    make_run(f"fresh_{DATE.format(4)}").config.write_text("experiment: {name: fresh}")
    damaged = make_run(f"damaged_{DATE.format(5)}")
    damaged.config.write_text("{")
    damaged.metadata.write_text('{"status": "failed", "started": "yesterday"}')
    (damaged.path / "stats.json").write_text('{"timesteps": "many", "best": 3}')


def names(command: Command, *words: str) -> list[str]:
    """Return the experiments of the runs in the order in which they are listed."""
    outcome = command("list", "runs", "--json", *words)
    assert outcome.status == 0, outcome.error
    return [f"{row['name']}{row['seed'] or ''}" for row in json.loads(outcome.output)]


def test_runs_are_sorted_by_any_column(command: Command, runs: None) -> None:
    assert names(command) == ["walk", "walk1", "hop", "fresh", "damaged"]
    assert names(command, "--sort", "best_return") == ["fresh", "damaged", "hop", "walk", "walk1"]
    assert names(command, "--sort", "best_return", "--reverse")[:2] == ["walk1", "walk"]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["run=walk*"], ["walk", "walk1"]),
        (["name=WALK", "seed=1"], ["walk1"]),
        (["best_return>=20"], ["walk", "walk1"]),
        (["timesteps<50"], ["walk"]),
        (["status != finished", "environment=tank:*"], ["hop"]),
        (["date>2026-01-03 12"], ["fresh", "damaged"]),
        (["status=running"], []),
    ],
)
def test_runs_are_filtered(conditions: list[str], expected: list[str], command: Command, runs: None) -> None:
    assert names(command, *(word for each in conditions for word in ("--filter", each))) == expected


def test_the_table_is_aligned_and_has_gaps(command: Command, runs: None) -> None:
    head, *rows = command("list", "runs").output.splitlines()
    assert rows[1] == (
        "2026-01-02 10:00:00  tank:Tank    SAC           1        100      1.5        100.5  finished  "
        "walk_2026-01-02_10-00-00"
    )
    assert rows[4].split()[2:] == [
        "CartPole-v1",
        "a2c",
        "-",
        "-",
        "-",
        "-",
        "failed",
        "damaged_" + DATE.format(5),
    ]
    assert {
        line.index(word) for line, word in [(head, "run"), (rows[0], "walk_"), (rows[4], "damaged_")]
    } == {head.index("run")}
    assert command("list", "runs", "--filter", "status=none").output == "no matching runs in experiments\n"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["list", "robots"], ["invalid choice: 'robots'"]),
        (["list", "envs", "--json"], ["unrecognized arguments: --json"]),
        (["list", "runs", "--sort", "speed"], ["invalid choice: 'speed'"]),
        (["list", "runs", "--filter", "status"], ["must be a condition COLUMN=VALUE", "'status'"]),
        (["list", "runs", "--filter", "sed=1"], ["unknown column", "did you mean: seed"]),
        (["list", "runs", "--filter", "seed=one"], ["must be a number", "compare seed with a number"]),
    ],
)
def test_a_wrong_option_is_refused(words: list[str], parts: list[str], command: Command) -> None:
    outcome = command(*words)
    assert outcome.status == 2
    assert all(part in outcome.error for part in parts)
