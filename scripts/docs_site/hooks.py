"""Hooks of MkDocs for the parts of the reference that are generated from the code."""

from typing import Any

from command_line import command_reference

COMMANDS = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Insert the generated text at the markers of a page."""
    return markdown.replace(COMMANDS, command_reference()) if COMMANDS in markdown else markdown
