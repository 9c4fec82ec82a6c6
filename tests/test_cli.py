import argparse
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest

from rl_pipeline import cli
from rl_pipeline.commands import COMMANDS
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.errors import CommandFailedError, RefusedError


def raising(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        raise error

    return run


OUTCOMES = {
    "configuration": (
        ConfigError([Problem("a.b", "is wrong", 3), Problem("c", "is wrong too")]),
        2,
        "a.b: is wrong\n    value: 3\nc: is wrong too\n2 problems; nothing was started\n",
    ),
    "refusal": (RefusedError("no such run"), 2, "rl-pipeline schema: no such run\n"),
    "failure": (CommandFailedError("the worker died"), 1, "rl-pipeline schema failed: the worker died\n"),
    "disk": (
        OSError(28, "No space left on device"),
        1,
        "rl-pipeline schema failed: [Errno 28] No space left",
    ),
    "second signal": (KeyboardInterrupt(), 130, "stopped at once\n"),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_every_end_has_its_status_and_its_words(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error, status, words = OUTCOMES[case]
    monkeypatch.setattr("rl_pipeline.commands.schema.run", raising(error))
    assert cli.main(["schema"]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(words)


def test_an_error_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_pipeline.commands.schema.run", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["schema"])


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"rl-pipeline {version('rl-pipeline')}\n"


def test_overrides_may_stand_anywhere() -> None:
    words = ["train", "a.b=1", "--config", "c.yaml", "d=2", "--resume", "auto", "e=3"]
    assert cli.parse(cli.make_parser(), words).overrides == ["a.b=1", "d=2", "e=3"]


@pytest.mark.parametrize("words", [["train", "a=1", "--config", "c", "b"], ["schema", "a=1"]])
def test_other_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse(cli.make_parser(), words)
    assert f"unrecognized arguments: {words[-1]}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["trian"]])
def test_a_command_must_be_one_of_those_there_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command.NAME for command in COMMANDS])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: rl-pipeline {command}" in capsys.readouterr().out


def test_the_module_is_the_command_and_its_help_loads_nothing_heavy() -> None:
    program = "import runpy, sys; sys.argv = ['rl_pipeline', '--help']\n"
    program += "try: runpy.run_module('rl_pipeline', run_name='__main__')\n"
    program += (
        "finally: print(sorted({'torch', 'gymnasium', 'mujoco', 'matplotlib', 'wandb'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert "usage: rl-pipeline" in process.stdout
    assert process.stdout.splitlines()[-1] == "[]"
