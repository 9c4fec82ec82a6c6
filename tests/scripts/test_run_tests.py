from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Checkout


def test_checks_run_before_the_whole_suite(ready: Checkout) -> None:
    result = ready.start("run_tests.bash")
    assert result.returncode == 0, result.stderr
    started = [line.split(" in ")[0] for line in result.stdout.splitlines()]
    assert started[:3] == ["ruff got ['check', '.']", "ruff got ['format', '--check', '.']", "mypy got []"]
    assert started[3].startswith("pytest got ['--numprocesses'")


def test_arguments_replace_the_default_selection(ready: Checkout) -> None:
    result = ready.start("run_tests.bash", "tests/config", "-k", "unknown key")
    assert "pytest got ['tests/config', '-k', 'unknown key'] in" in result.stdout.splitlines()[-1]


@pytest.mark.parametrize("tool", ["ruff", "mypy", "pytest"])
def test_any_failure_fails_and_pytest_still_has_the_last_word(ready: Checkout, tool: str) -> None:
    (ready.folder / f"fail_{tool}").touch()
    result = ready.start("run_tests.bash")
    (ready.folder / f"fail_{tool}").unlink()
    assert result.returncode != 0
    assert result.stdout.splitlines()[-1].startswith("pytest got")
    assert tool == "pytest" or f"FAILED: {tool}" in result.stderr


def test_environment_of_the_tests_serves_the_launcher(ready: Checkout) -> None:
    assert ready.start("run_tests.bash").returncode == 0
    assert ready.start("launch_node.bash").stderr == ""
