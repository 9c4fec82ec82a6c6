"""Every message in the troubleshooting page is one that the code prints."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.documentation import DOCS, ROOT

MESSAGES = re.findall(r"^### `(.+)`$", (DOCS / "troubleshooting.md").read_text(), re.M)
VARIES = "…"
SHELL_VALUE = re.compile(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+")
PYTHON_VALUE = re.compile(r"%[sd]")


def texts_of_python(file: Path) -> Iterator[str]:
    """Yield the literal texts, whose parts Python has joined; what is formatted into them varies."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else VARIES for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield PYTHON_VALUE.sub(VARIES, node.value)


@cache
def texts() -> tuple[str, ...]:
    python = [*ROOT.glob("rl_pipeline/**/*.py"), *ROOT.glob("ros_ws/src/**/*.py")]
    shell = [*ROOT.glob("*.bash"), *ROOT.glob("scripts/*.bash")]
    return (
        *(text for file in python for text in texts_of_python(file)),
        *(SHELL_VALUE.sub(VARIES, line) for file in shell for line in file.read_text().splitlines()),
    )


def test_there_are_messages() -> None:
    assert len(MESSAGES) >= 20
    assert len(set(MESSAGES)) == len(MESSAGES)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_code_prints_the_message(message: str) -> None:
    assert any(message in text for text in texts())
