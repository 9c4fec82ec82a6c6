"""Rules about pairs of keys that exclude each other: a number of times, or an interval in timesteps."""

from collections.abc import Mapping
from typing import Any

from rl_pipeline.config.errors import MISSING, Problem
from rl_pipeline.config.key_schema import value_at
from rl_pipeline.config.places import KeyPath

ALTERNATIVES: dict[KeyPath, tuple[str, str]] = {
    ("training", "training", "eval"): ("num_evals", "frequency"),
    ("training", "checkpoint"): ("num_checkpoints", "frequency"),
}
"""Sections, and the two keys of each of which only one may be given."""


def drop_overruled(weaker: dict[str, Any], stronger: Mapping[str, object]) -> None:
    """Remove a key from `weaker` if `stronger` sets its alternative."""
    for path, (count, frequency) in ALTERNATIVES.items():
        section = value_at(weaker, path)
        if isinstance(section, dict):
            if is_given(stronger, (*path, count)):
                section.pop(frequency, None)
            if is_given(stronger, (*path, frequency)):
                section.pop(count, None)


def drop_unused(mapping: dict[str, Any]) -> None:
    """Remove the number of times if the interval is given, and an empty search."""
    if mapping.get("sweep") is None:
        mapping.pop("sweep", None)
    drop_overruled(mapping, {})
    for path, (count, frequency) in ALTERNATIVES.items():
        if is_given(mapping, (*path, frequency)):
            value_at(mapping, path).pop(count, None)


def refuse_both(mapping: Mapping[str, object]) -> list[Problem]:
    """Return a problem for each section that sets both keys."""
    return [
        Problem(
            key=".".join((*path, frequency)),
            message=f"is given together with {count}",
            value=value_at(mapping, (*path, frequency)),
            valid=[f"{count} alone", f"{frequency} alone"],
            remedy=f"remove {frequency} or {count}",
        )
        for path, (count, frequency) in ALTERNATIVES.items()
        if is_given(mapping, (*path, count)) and is_given(mapping, (*path, frequency))
    ]


def is_given(mapping: Mapping[str, object], path: KeyPath) -> bool:
    """Return whether a key is written with a value other than null."""
    return value_at(mapping, path) not in (None, MISSING)
