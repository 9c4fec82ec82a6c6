"""How fast environments step, against the limit of the machine and against other libraries, in one run.

    python benchmarks/stepping.py [--environments HalfCheetah-v5 Ant-v5] [--sizes 8 64] [--rounds 9]

The limit is `threads` times the environment steps per second of one bare thread that does nothing but write the
controls and call `mj_step` for `frame_skip` physics steps, over the same episodes that the batch steps through.
Every round measures the limit and all contenders in turn; a ratio is the median over rounds of (steps per second of
the contender) / (limit of the same round), so that other load on the machine hits both. envpool takes part where it
is installed (`pip install rl-pipeline[bench]`).
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine
from stepping_contenders import CONTENDERS, Contender, make_ours
from stepping_limit import BareThread

ENVIRONMENTS = ("HalfCheetah-v5", "Hopper-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5")
TARGETS = {
    ("HalfCheetah-v5", 64): 0.95,
    ("Hopper-v5", 64): 0.95,
    ("Walker2d-v5", 64): 0.95,
    ("Ant-v5", 64): 0.90,
    ("Humanoid-v5", 64): 0.90,
    ("HalfCheetah-v5", 8): 0.70,
    ("Ant-v5", 8): 0.85,
    ("Humanoid-v5", 8): 0.75,
}
OURS = "rl-pipeline"


def steps_per_second(run: Callable[[int], int], seconds: float) -> float:
    """Measure for about so many seconds; `run(k)` makes k batch steps and returns the environment steps made."""
    chunk, start = 1, time.perf_counter()
    run(chunk)
    chunk = max(1, int(seconds / 8 / (time.perf_counter() - start)))
    steps, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        steps += run(chunk)
    return steps / elapsed


def measure(
    environment: str, n: int, names: list[str], rounds: int, seconds: float, threads: int
) -> dict[str, Any]:
    """Measure all contenders on one environment and batch size."""
    bare = BareThread(environment)
    contenders: dict[str, Contender] = {}
    for name in names:
        contender = CONTENDERS[name](environment, n, threads)
        if contender is not None:
            contenders[name] = contender
    limits, speeds = [], {name: [] for name in contenders}
    for _ in range(rounds):
        limits.append(threads * bare.steps_per_second(seconds))
        for name, contender in contenders.items():
            speeds[name].append(steps_per_second(contender.run, seconds))
    for contender in contenders.values():
        contender.close()
    return {
        "environment": environment,
        "n": n,
        "limit": statistics.median(limits),
        "speeds": {name: statistics.median(values) for name, values in speeds.items()},
        "ratios": {
            name: statistics.median(np.array(values) / np.array(limits)) for name, values in speeds.items()
        },
        "target": TARGETS.get((environment, n)),
    }


def bytes_per_environment(environment: str, few: int = 64, many: int = 1024) -> float:
    """Measure the resident memory that an added environment takes, in fresh processes."""
    sizes = [
        int(subprocess.check_output([sys.executable, __file__, "--memory-of", environment, str(n)]))
        for n in (few, many)
    ]
    return (sizes[1] - sizes[0]) / (many - few)


def print_resident_memory(environment: str, n: int) -> None:
    """Step n environments and print the bytes of memory that this process holds."""
    import psutil

    contender = make_ours(environment, n, threads=2)
    contender.run(20)
    print(psutil.Process().memory_info().rss)


def as_table(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["ratios"]))
    titles = ["environment", "n", "limit/s", *names, "target"]
    lines = [titles]
    for row in rows:
        ratios = [f"{row['ratios'][name]:.2f}" if name in row["ratios"] else "-" for name in names]
        target = f"{row['target']:.2f}" if row["target"] else "-"
        lines.append([row["environment"], str(row["n"]), f"{row['limit']:,.0f}", *ratios, target])
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", nargs="+", default=list(ENVIRONMENTS), metavar="ID")
    parser.add_argument("--sizes", nargs="+", type=int, default=[8, 64], metavar="N", help="batch sizes")
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS), choices=list(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", action="store_true", help="also measure memory per added environment")
    parser.add_argument("--output", type=Path, default=Path("build/stepping.json"))
    parser.add_argument("--memory-of", nargs=2, metavar=("ID", "N"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark, print its table and write it as JSON."""
    options = parse_arguments(arguments)
    if options.memory_of:
        print_resident_memory(options.memory_of[0], int(options.memory_of[1]))
        return
    machine, rows = describe_machine(), []
    print(json.dumps(machine, indent=2))
    for environment in options.environments:
        for n in options.sizes:
            row = measure(
                environment, n, options.contenders, options.rounds, options.seconds, options.threads
            )
            rows.append(row)
            print(as_table(rows[-1:]), flush=True)
    memory = {name: bytes_per_environment(name) for name in options.environments} if options.memory else {}
    print("\nRatios to the limit\n" + as_table(rows))
    for environment, size in memory.items():
        print(f"{environment}: {size / 1024:.1f} KiB for each added environment")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    result = {"machine": machine, "options": vars(options) | {"output": str(options.output)}, "rows": rows}
    options.output.write_text(json.dumps(result | {"bytes_per_environment": memory}, indent=2))
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
