"""Stepping speed of environments, relative to the limit of the machine.

The limit is `threads` times the environment steps per second of one bare thread that only writes the controls and
calls `mj_step` for `frame_skip` physics steps, over the same episodes as the batch.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial

from rl_pipeline.bench.bare_thread import BareThread
from rl_pipeline.bench.machine import Results
from rl_pipeline.bench.memory import resident_bytes
from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.bench.stepping_contenders import CONTENDERS, MakeContender

LIMIT = "limit"
Targets = Mapping[tuple[str, int], float]
"""Target ratio by environment and number of copies."""


def run(
    options: argparse.Namespace,
    contenders: Mapping[str, MakeContender] = CONTENDERS,
    targets: Targets | None = None,
) -> None:
    """Measure, print the table and write the results.

    Args:
        options: The options of `rl_pipeline.commands.bench.add_stepping_arguments`.
        contenders: Contenders to compare with the limit.
        targets: Target ratios, shown beside the measurements.
    """
    machine, rows = print_machine(), []
    for environment in options.environments:
        for n in options.sizes:
            rows.append(compare(environment, n, contenders, options))
            print(as_table(to_lines(rows[-1:])), flush=True)
    for row in rows if options.memory else []:
        row["resident_bytes"] = resident_bytes(row["environment"], row["n"], options.threads)
    print(f"\nRatios to the limit\n{as_table(to_lines(rows, targets))}")
    memory = bytes_per_environment(rows)
    for environment, size in memory.items():
        print(f"{environment}: {size / 1024:.1f} KiB for each added environment")
    write_json("stepping", machine, options, rows=rows, bytes_per_environment=memory)


def compare(
    environment: str, n: int, contenders: Mapping[str, MakeContender], options: argparse.Namespace
) -> Results:
    """Measure the limit and all contenders in turn on n copies of an environment."""
    bare = BareThread(environment)
    measures: dict[str, Callable[[], float]] = {
        LIMIT: lambda: options.threads * bare.steps_per_second(options.seconds)
    }
    with ExitStack() as stack:
        for name, make in contenders.items():
            contender = make(environment, n, options.threads)
            if contender is not None:
                stack.callback(contender.close)
                measures[name] = partial(steps_per_second, contender.run, options.seconds)
        speeds = in_turn(measures, options.rounds)
    limits = speeds.pop(LIMIT)
    return {
        "environment": environment,
        "n": n,
        "limit": statistics.median(limits),
        "speeds": {name: statistics.median(values) for name, values in speeds.items()},
        "ratios": {name: median_ratio(values, limits) for name, values in speeds.items()},
    }


def steps_per_second(run: Callable[[int], int], seconds: float) -> float:
    """Measure for about this many seconds; `run(k)` makes k batch steps and returns the environment steps made."""
    start = time.perf_counter()
    run(1)
    chunk = max(1, int(seconds / 8 / (time.perf_counter() - start)))
    steps, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        steps += run(chunk)
    return steps / elapsed


def bytes_per_environment(rows: list[Results]) -> dict[str, float]:
    """Return the memory of an added environment, if it was measured for several numbers of them."""
    found = {}
    for environment in dict.fromkeys(row["environment"] for row in rows):
        memory = {
            row["n"]: row["resident_bytes"]
            for row in rows
            if row["environment"] == environment and "resident_bytes" in row
        }
        if len(memory) > 1:
            few, many = min(memory), max(memory)
            found[environment] = (memory[many] - memory[few]) / (many - few)
    return found


def to_lines(rows: list[Results], targets: Targets | None = None) -> list[list[str]]:
    """Return the lines of the table: the limit in steps per second, the ratios, and the memory if it was measured."""
    names = list(dict.fromkeys(name for row in rows for name in row["ratios"]))
    lines = [["environment", "n", "limit/s", *names]]
    for row in rows:
        ratios = [f"{row['ratios'][name]:.2f}" if name in row["ratios"] else "-" for name in names]
        lines.append([row["environment"], str(row["n"]), f"{row['limit']:,.0f}", *ratios])
    if any("resident_bytes" in row for row in rows):
        sizes = ["MiB", *(f"{row['resident_bytes'] / 2**20:,.0f}" for row in rows)]
        lines = [[*line, size] for line, size in zip(lines, sizes, strict=True)]
    if targets:
        reach = [targets.get((row["environment"], row["n"])) for row in rows]
        cells = ["target", *(f"{target:.2f}" if target else "-" for target in reach)]
        lines = [[*line, cell] for line, cell in zip(lines, cells, strict=True)]
    return lines
