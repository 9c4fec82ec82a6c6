"""Hooks of MkDocs: what of the reference is made from the code when the site is built."""

from typing import Any

from command_line import command_reference

COMMANDS = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the generated text where a page asks for it."""
    return markdown.replace(COMMANDS, command_reference()) if COMMANDS in markdown else markdown
