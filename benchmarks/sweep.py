"""Measure how many trials a sweep makes in an hour with one and with two workers, in turn in one run.

python -m benchmarks.sweep --timesteps 20000 --trials 4 --rounds 2
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import yaml

CONFIG = Path(__file__).parents[1] / "configs" / "sweep_cartpole.yaml"


def measure(folder: Path, workers: int, trials: int, timesteps: int) -> float:
    """Return the seconds of a sweep, the start of its driver included."""
    rates = [round(1e-3 * (1 + number / trials), 6) for number in range(trials)]
    config = yaml.safe_load(CONFIG.read_text())
    config["sweep"] |= {
        "name": f"workers_{workers}",
        "folder": str(folder),
        "workers": workers,
        "space": {"training.algorithm_parameters.learning_rate": rates},
        "budget": {"timesteps": timesteps},
    }
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(config))
    start = time.perf_counter()
    command = [sys.executable, "-m", "rl_pipeline", "sweep", "--config", str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    shutil.rmtree(folder / f"workers_{workers}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--timesteps", type=int, default=20_000, help="of each trial")
    parser.add_argument("--trials", type=int, default=4, help="of each sweep")
    parser.add_argument("--rounds", type=int, default=3, help="sweeps with each number of workers")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers")
    options = parser.parse_args()
    seconds: dict[int, list[float]] = {workers: [] for workers in options.workers}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for workers in options.workers:
                seconds[workers].append(measure(Path(folder), workers, options.trials, options.timesteps))
    for workers, times in seconds.items():
        rate = 3600 * options.trials / median(times)
        print(
            f"{workers} workers: {rate:.0f} trials an hour (sweeps of {', '.join(f'{t:.1f} s' for t in times)})"
        )


if __name__ == "__main__":
    main()
