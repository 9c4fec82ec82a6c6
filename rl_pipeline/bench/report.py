"""Results of a benchmark, for people and for programs."""

import argparse
import json
from collections.abc import Sequence

from rl_pipeline.atomic import atomic_write
from rl_pipeline.bench.machine import Results, describe_machine

NOT_MEASURED = {"run", "command", "benchmark", "film", "output"}
"""Options about the start and output of a benchmark, not about its measurements."""


def as_table(lines: Sequence[Sequence[str]]) -> str:
    """Align the cells of lines to the right; the first line contains the titles."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def print_machine() -> Results:
    """Print and return a description of the machine before the measurements."""
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
        options: The options of the benchmark.
        results: The measurements.
    """
    chosen = {key: value for key, value in vars(options).items() if key not in NOT_MEASURED}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(options.output, mode="w") as file:
        json.dump({"benchmark": name, "machine": machine, "options": chosen, **results}, file, indent=2)
    print(f"written to {options.output}")
