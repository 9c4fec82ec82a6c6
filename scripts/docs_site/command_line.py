"""The reference of `rl-pipeline`'s commands, from their parsers."""

import argparse
from collections.abc import Iterator

from markdown_table import code, table

from rl_pipeline.cli import make_parser


def command_reference() -> str:
    """Return the usage and the arguments of every command as Markdown."""
    return "\n".join(section for parser in commands(make_parser()) for section in _sections(parser))


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers below a parser that run a command, in the order of their declaration."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for child in group.choices.values():
            yield from commands(child)


def _sections(parser: argparse.ArgumentParser) -> list[str]:
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    rows = [(code(_name(action)), _meaning(parser, action)) for action in actions]
    parts = [f"## {parser.prog}\n", f"{_sentence(parser.description or '')}\n"]
    return parts + ([table(("Argument", "Meaning"), rows)] if rows else [])


def _name(action: argparse.Action) -> str:
    """Return an argument in the form of a command."""
    formatter = argparse.HelpFormatter(prog="")
    return formatter._format_action_invocation(action)


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    formatter = parser.formatter_class(prog=parser.prog)
    return formatter._expand_help(action)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:].removesuffix(".") + "."
