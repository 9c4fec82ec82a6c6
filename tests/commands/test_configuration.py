"""The commands that look at configurations: config and schema."""

import json
from pathlib import Path

from .conftest import Command


def test_config_shows_every_value_and_where_it_came_from(command: Command) -> None:
    outcome = command("config", "tiny.yaml", "training.algorithm_parameters.gamma=0.98")
    assert outcome.status == 0
    lines = [" ".join(line.split()) for line in outcome.output.splitlines()]
    assert any(line.startswith("name: tiny # tiny.yaml:") for line in lines)
    assert "gamma: 0.98 # command line" in lines
    assert "seed: 0 # default" in lines
    assert not Path("experiments").exists()


def test_config_refuses_what_train_refuses(command: Command) -> None:
    overrides = ("training.algorithm=dqn", "environment.id=Pendulum-v1")
    refused = command("config", "tiny.yaml", *overrides)
    assert refused.status == 2
    assert "cannot act in the action space" in refused.error
    assert refused == command("train", "--config", "tiny.yaml", *overrides)


def test_schema_is_written_where_it_is_wanted(command: Command) -> None:
    outcome = command("schema", "--out", "schema.json")
    assert (outcome.status, outcome.output) == (0, "schema.json\n")
    schema = json.loads(Path("schema.json").read_text())
    assert {"experiment", "environment", "training"} <= schema["properties"].keys()


def test_schema_that_cannot_be_written_is_one_line(command: Command) -> None:
    outcome = command("schema", "--out", "tiny.yaml/schema.json")
    assert outcome.status == 1
    assert outcome.error.startswith("rl-pipeline schema failed: ")
    assert "Traceback" not in outcome.error
