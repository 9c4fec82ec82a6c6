"""Comparison of the fast engine with stock Stable-Baselines3: final returns of several seeds of each.

    python benchmarks/same_learning.py configs/hopper_ppo.yaml training.training.total_timesteps=300000

Trains every seed with both engines through `rl-pipeline train`, evaluates the final policies and compares the mean
returns. Results are kept for each training, so an interrupted comparison continues where it stopped.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rl_pipeline.bench.report import as_table

ENGINES = ("stock", "fast")
UNWATCHED = ("evaluation.video=false", "training.tensorboard=false", "training.training.device=cpu")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, help="the experiment")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="changes to it")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--episodes", type=int, default=20, help="evaluation episodes of each final policy")
    parser.add_argument("--folder", type=Path, default=Path("build/same_learning"))
    return parser.parse_args()


def final_return(options: argparse.Namespace, engine: str, seed: int) -> float:
    """Train one policy, unless that was done before, and return its mean return."""
    folder = options.folder / options.config.stem / f"{engine}_{seed}"
    result = folder / "result.json"
    if not result.exists():
        place = [f"experiment.folder={folder}", f"experiment.seed={seed}", f"training.engine={engine}"]
        overrides = [*UNWATCHED, *options.overrides, *place]
        rl_pipeline("train", "--resume", "auto", "--config", str(options.config), *overrides)
        [run] = {path.parent for path in folder.rglob("run.json")}
        rl_pipeline("eval", str(run), "--checkpoint", "final", "--episodes", str(options.episodes))
        result.write_text((run / "eval.json").read_text())
    return float(json.loads(result.read_text())["mean_reward"])


def rl_pipeline(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "rl_pipeline", *arguments], check=True)


def summary(returns: NDArray[np.float64]) -> list[str]:
    """Return mean and half the width of its 95 % confidence interval (Student's t), as text."""
    half = stats.t.ppf(0.975, len(returns) - 1) * stats.sem(returns)
    return [f"{returns.mean():,.0f}", f"+- {half:,.0f}"]


if __name__ == "__main__":
    options = parse_arguments()
    returns = {
        engine: np.array([final_return(options, engine, seed) for seed in options.seeds])
        for engine in ENGINES
    }
    lines = [["engine", *(f"seed {seed}" for seed in options.seeds), "mean", "95 %"]]
    for engine, values in returns.items():
        lines.append([engine, *(f"{value:,.0f}" for value in values), *summary(values)])
    print(as_table(lines))
    welch = stats.ttest_ind(returns["stock"], returns["fast"], equal_var=False).pvalue
    ranks = stats.mannwhitneyu(returns["stock"], returns["fast"]).pvalue
    print(f"{options.config.stem}: Welch's t-test p = {welch:.2f}, Mann-Whitney p = {ranks:.2f}")
