"""Namespaces on the command lines of ROS; `left` means `/left`."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

RULE = re.compile(r"((?:[^:]+:)?__ns:=)(.*)")
FLAGS = ("-r", "--remap")


def absolute(namespace: str) -> str:
    """Normalise a namespace for ROS, with a slash before it and none after it; an empty one becomes `/`."""
    return "/" + namespace.strip("/")


def with_absolute_namespaces(arguments: Sequence[str]) -> list[str]:
    """Return a command line in which every rule `__ns:=` has an absolute namespace, as ROS requires."""
    return [rule[1] + absolute(rule[2]) if rule else argument for argument, rule in _rules(arguments)]


def namespace_of(arguments: Sequence[str]) -> str:
    """Return the namespace that a command line gives its node."""
    return next((absolute(rule[2]) for _, rule in _rules(arguments) if rule), "/")


def _rules(arguments: Sequence[str]) -> Iterator[tuple[str, re.Match[str] | None]]:
    for flag, argument in pairwise(["", *arguments]):
        yield argument, RULE.fullmatch(argument) if flag in FLAGS else None
