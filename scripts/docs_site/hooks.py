"""Hooks of MkDocs: the reference generated from the code, the link to the repository, and line breaks in names."""

import re
import subprocess
from pathlib import Path
from typing import Any

from command_line import command_reference
from mkdocs.config.defaults import MkDocsConfig

COMMANDS = "<!-- commands -->"
ADDRESS = re.compile(
    r"(?:https://(?:[^@/]*@)?|ssh://git@|git@)(?P<host>[\w.-]+)[:/](?P<name>[\w./-]+?)(?:\.git)?/?"
)
"""Of a remote repository. A name and a password before `@` are left out."""
CODE_IN_A_CELL = re.compile(r"(?<=<td>)<code>[^<]+</code>(?=</td>)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Link to the repository from which this one was cloned, if there is one."""
    found = ADDRESS.fullmatch(remote(Path(config.config_file_path).parent))
    if found and not config.repo_url:
        config.repo_url = f"https://{found['host']}/{found['name']}"
        config.repo_name = found["name"]
    return config


def remote(folder: Path) -> str:
    """Return the address of git's remote `origin`; empty without one."""
    command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Insert the generated text at the markers of a page."""
    return markdown.replace(COMMANDS, command_reference()) if COMMANDS in markdown else markdown


def on_page_content(html: str, **_: Any) -> str:
    """Let a key that fills a cell of a table break after its dots."""
    return CODE_IN_A_CELL.sub(lambda code: re.sub(r"\.(?=[a-zA-Z])", ".<wbr>", code[0]), html)
