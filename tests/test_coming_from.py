"""The page for users of other systems names commands, keys and files that exist here and that other tests run."""

import re

import pytest

from rl_pipeline.commands import COMMANDS
from rl_pipeline.config.key_schema import key_schema
from rl_pipeline.config.schema import Config

from .documentation import DOCS, ROOT, commands

PAGE = DOCS / "coming_from.md"
ROWS = [row.split(" | ") for row in PAGE.read_text().splitlines() if row.startswith("| ")]
HERE = sorted({code for row in ROWS for code in re.findall(r"`([^`]+)`", row[1])})
RUN_BY_TESTS = {line for page in DOCS.glob("*.md") for line in commands(page)}
"""tests/test_docs.py sees to it."""
KEY = re.compile(r"(experiment|environment|training)\.[\w.]+")
FILE = re.compile(r"\w+/[\w/]+\.(py|yaml|sh)")
SUBCOMMAND = re.compile(r"rl-pipeline (\w+)")


@pytest.mark.parametrize(
    "command", [code for code in HERE if code.startswith(("rl-pipeline ", "bash ", "mpirun "))]
)
def test_commands_are_run_by_tests(command: str) -> None:
    bare = SUBCOMMAND.fullmatch(command)
    if bare:
        assert bare[1] in {module.NAME for module in COMMANDS}
    else:
        assert command in RUN_BY_TESTS


@pytest.mark.parametrize("key", [match[0] for match in map(KEY.match, HERE) if match])
def test_keys_exist(key: str) -> None:
    schema = key_schema(Config)
    *above, name = key.split(".")
    assert schema.is_free_mapping(tuple(above)) or name in schema.valid_keys(tuple(above), {})


@pytest.mark.parametrize("file", [code for code in HERE if FILE.fullmatch(code)])
def test_files_exist(file: str) -> None:
    assert (ROOT / file).exists()


@pytest.mark.parametrize(
    "file", ["configs/base_ppo_config.yaml", "config.yml", "train_example.py", "launch_unity_simulation.bat"]
)
def test_files_that_other_systems_name_stand_where_they_say(file: str) -> None:
    assert file in PAGE.read_text()
    assert (ROOT / file).exists()
