"""YAML syntax errors in plain English."""

import yaml

from rl_pipeline.config.errors import Problem

_PLAIN_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"character '\t'", "a tab is used for indentation", "indent with spaces"),
    (
        "mapping values are not allowed",
        "a ':' is not allowed here",
        "check the indentation of this line and the one above; put text that contains ': ' in quotes",
    ),
    (
        "could not find expected ':'",
        "this line has no ':' after its key",
        "write `key: value`, with a space after the colon",
    ),
    (
        "expected <block end>",
        "the line does not fit the indentation of the lines above",
        "indent all keys of one section by the same number of spaces",
    ),
    ("while scanning a quoted scalar", "a quote is not closed", "close the quote"),
    (
        "while parsing a flow sequence",
        "a '[' is not closed",
        "close it with ']' or add the missing ','",
    ),
    (
        "while parsing a flow mapping",
        "a '{' is not closed",
        "close it with '}' or add the missing ','",
    ),
    (
        "found undefined alias",
        "the alias refers to an unknown anchor",
        "put text that starts with * in quotes",
    ),
    ("cannot start any token", "this character cannot start a value", "put the value in quotes"),
    ("expected a single document", "a second document starts here ('---')", "keep one document per file"),
)


_BLAME_THE_BEGINNING = ("unexpected end of stream", "could not find expected ':'")
"""Errors that PyYAML notices only far behind their cause."""


def syntax_problem(error: yaml.YAMLError, name: str) -> Problem:
    """Return PyYAML's error as a problem, with file, line and column.

    Args:
        error: PyYAML's exception.
        name: name of the file in messages.
    """
    parts = (getattr(error, part, None) for part in ("context", "problem", "reason"))
    said = " ".join(part for part in parts if part)
    mark, beginning = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if beginning and any(pattern in said for pattern in _BLAME_THE_BEGINNING):
        mark = beginning
    place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    began = ""
    if beginning and mark and beginning.line < mark.line:
        began = f" (began in line {beginning.line + 1})"
    for pattern, message, remedy in _PLAIN_WORDS:
        if pattern in said:
            return Problem("", f"YAML syntax error: {message}{began}", remedy=remedy, place=place)
    remedy = "correct this line; an editor for YAML marks the spot"
    return Problem("", f"YAML syntax error: {said}{began}", remedy=remedy, place=place)


def shown_tag(tag: str) -> str:
    """Return a tag as it is written in files: `!!python/object` for `tag:yaml.org,2002:python/object`."""
    return tag.replace("tag:yaml.org,2002:", "!!")
