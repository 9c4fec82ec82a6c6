"""The resolved configuration with the origin of every value."""

from rl_pipeline.config.loading import LoadedConfig
from rl_pipeline.config.places import KeyPath
from rl_pipeline.config.schema import dump_config
from rl_pipeline.config.yaml_reader import parse_yaml

MAX_WIDTH = 60
"""Largest column of the comments; longer lines do not move them."""


def explain(loaded: LoadedConfig) -> str:
    """Return the configuration as YAML, with a comment after each value that names its origin."""
    text = dump_config(loaded.config)
    values = _value_lines(parse_yaml(text, "").lines)
    origins = {line: loaded.provenance[".".join(path)] for line, path in values.items()}
    lines = text.splitlines()
    width = min(MAX_WIDTH, max(len(lines[number - 1]) for number in origins))
    explained = [
        f"{line.ljust(width)}  # {origins[number]}" if number in origins else line
        for number, line in enumerate(lines, start=1)
    ]
    return "\n".join(explained) + "\n"


def _value_lines(lines: dict[KeyPath, int]) -> dict[int, KeyPath]:
    """Return, for each line that holds a whole value, the outermost key that the line completes."""
    values: dict[int, KeyPath] = {}
    for path, line in lines.items():
        continues = any(other[: len(path)] == path and below != line for other, below in lines.items())
        if not continues and (line not in values or len(path) < len(values[line])):
            values[line] = path
    return values
