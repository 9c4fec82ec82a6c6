"""Measurements in turn, so that other load on the machine affects all contenders equally."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Measurement = TypeVar("Measurement")


def in_turn(measures: Mapping[str, Callable[[], Measurement]], rounds: int) -> dict[str, list[Measurement]]:
    """Measure everything once in each round.

    Args:
        measures: A function per contender that makes one measurement.
        rounds: Number of rounds.

    Returns:
        The measurements of each contender, one per round.
    """
    measured: dict[str, list[Measurement]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            measured[name].append(measure())
    return measured


def median_ratio(values: Sequence[float], references: Sequence[float]) -> float:
    """Return the median over rounds of value / reference of the same round."""
    return statistics.median(value / reference for value, reference in zip(values, references, strict=True))
