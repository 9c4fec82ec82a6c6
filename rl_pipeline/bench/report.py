"""Results of a benchmark, for people and for programs."""

import argparse
import json
from collections.abc import Sequence

from rl_pipeline.atomic import atomic_write
from rl_pipeline.bench.machine import Results, describe_machine

NOT_MEASURED = {"run", "command", "benchmark", "film", "output"}
"""Options that say where a benchmark is started and written, not how it measures."""


def as_table(lines: Sequence[Sequence[str]]) -> str:
    """Align the cells of lines, the first of which holds the titles, to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def print_machine() -> Results:
    """Describe the machine before anything is measured, print that and return it."""
    machine = describe_machine()
    load = f", load {machine['load'][0]:.1f}" if machine["load"] else ""
    print(f"{machine['processor']}, {machine['cores']} cores{load}; {machine['system']}")
    versions = [f"{name} {number}" for name, number in machine["versions"].items() if number]
    print(f"Python {machine['python']}, {', '.join(versions)}\n", flush=True)
    return machine


def write_json(name: str, machine: Results, options: argparse.Namespace, **results: object) -> None:
    """Write a benchmark's results to `options.output` and print that path.

    Args:
        name: The benchmark.
        machine: What `print_machine` returned.
        options: How it was measured.
        results: What was measured.
    """
    chosen = {key: value for key, value in vars(options).items() if key not in NOT_MEASURED}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(options.output, mode="w") as file:
        json.dump({"benchmark": name, "machine": machine, "options": chosen, **results}, file, indent=2)
    print(f"written to {options.output}")
