"""Stands in for `rl-pipeline train` where only the driver is tested: it writes what a run writes, in a moment.

The return after each of ten steps is 1000 times the learning rate times the step, plus the seed.
A gamma of 0.5 fails.
"""

import csv
import json
import os
import signal
import sys
import time
from pathlib import Path

import yaml

STEPS = 10


def main(arguments: list[str]) -> int:
    _, _, trial, _, _, _, run, seed = arguments
    config = yaml.safe_load(Path(trial).read_text())
    return train(config, Path(run), int(seed.partition("=")[2]), float(os.environ.get("QUICK_PAUSE", "0")))


def train(config: dict, run: Path, seed: int, pause: float = 0.0) -> int:
    stopped: list[int] = []
    if pause:
        signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    parameters = config["training"]["algorithm_parameters"]
    (run / "checkpoints").mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    rows = [[0, 0.0, 0.0]]
    for step in range(1, STEPS + 1):
        rows.append([step, 1000 * parameters["learning_rate"] * step + seed, float(step)])
        if (run / "checkpoints" / f"step_{step:09d}").exists():
            continue
        time.sleep(pause)
        write_progress(run / "progress.csv", rows)
        write_checkpoint(run / "checkpoints" / f"step_{step:09d}", step)
        if parameters.get("gamma") == 0.5 and step == 3:
            print("first line\nValueError: gamma is too small")
            return 1
        if stopped:
            (run / "run.json").write_text(json.dumps({"status": "stopped"}))
            return 0
    (run / "run.json").write_text(json.dumps({"status": "finished"}))
    return 0


def write_progress(path: Path, rows: list[list[float]]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", newline="") as file:
        csv.writer(file).writerows([["timestep", "eval/mean_reward", "time/minutes"], *rows])
    temporary.replace(path)


def write_checkpoint(folder: Path, step: int) -> None:
    folder.mkdir()
    manifest = {"format": 1, "timestep": step, "resumable": True, "files": {}}
    (folder / "checkpoint.json").write_text(json.dumps(manifest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
