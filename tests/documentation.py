"""The code blocks of the documentation, and a folder in which a reader tries them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rl_pipeline.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
FILE_NAME = re.compile(r"# (\S+\.(?:ya?ml|py))\b")


def blocks(page: Path, language: str) -> list[str]:
    """Return the text of the blocks of a language."""
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def commands(page: Path) -> list[str]:
    """Return the lines of the bash blocks that are commands."""
    lines = [line for text in blocks(page, "bash") for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def write_files(page: Path, folder: Path) -> None:
    """Write the YAML and Python files that a page shows; the first line of each says its name."""
    for text in blocks(page, "yaml") + blocks(page, "python"):
        name = FILE_NAME.match(text)
        assert name, f"a file in {page.name} does not say its name:\n{text}"
        (folder / name[1]).write_text(text)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader does in whose shell the virtual environment is active."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def rl_pipeline(command: str, *further_arguments: str) -> None:
    """Carry out a command of ours in this process, which saves the start of Python and torch."""
    program, *arguments = shlex.split(command)
    assert program == "rl-pipeline"
    assert main([*arguments, *further_arguments]) == 0, command
