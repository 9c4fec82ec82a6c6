"""How fast agents train, side by side with stock Stable-Baselines3 and sbx, in one run.

    python benchmarks/training.py --algorithm ppo|sac|td3|tqc --n-envs 8 [--environment HalfCheetah-v5] [--rounds 5]

Every contender trains with SB3's default parameters (networks included). Every round lets all of them train for the
same number of timesteps in turn; a ratio is the median over rounds of (timesteps per second of the contender) /
(timesteps per second of stock SB3 in the same round), so that other load on the machine hits both. Compilation is
what the first iteration takes longer than the median of the others; it is reported apart. `fast` steps the batched
MuJoCo backend, `fast, DummyVecEnv` and `sbx` step the environments that stock SB3 steps. sbx takes part where it is
installed (`pip install rl-pipeline[bench]`).
"""

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import sb3_contrib
import stable_baselines3
import torch
from machine import describe_machine
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecEnv

from rl_pipeline.algorithms import fast
from rl_pipeline.envs.mujoco import make_mujoco_vector_env
from rl_pipeline.envs.sb3_adapter import SB3Adapter
from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics

STOCK = "stock SB3"
NET_ARCH = {"ppo": [64, 64], "sac": [256, 256], "td3": [400, 300], "tqc": [256, 256]}  # SB3's defaults
PARTS = ("collect", "update", "total")


def make_batched_env(environment: str, n_envs: int, threads: int) -> VecEnv:
    config = SimpleNamespace(
        id=environment, kwargs={"num_threads": threads}, env_config=None, randomization=None
    )
    return SB3Adapter(EpisodeStatistics(make_mujoco_vector_env(config, n_envs)))


def make_dummy_env(environment: str, n_envs: int, threads: int) -> VecEnv:
    return make_vec_env(environment, n_envs)


def load_sbx() -> ModuleType | None:
    try:
        import sbx
    except ImportError:
        warnings.warn("sbx is not installed and takes no part", stacklevel=2)
        return None
    return sbx


def make_contenders(options: argparse.Namespace) -> dict[str, Callable[[], BaseAlgorithm]]:
    """Give a function per contender that makes its untrained model."""
    name = options.algorithm.upper()
    stock = getattr(sb3_contrib if name == "TQC" else stable_baselines3, name)
    ours = getattr(fast, f"Fast{name}")
    classes = {
        STOCK: (stock, make_dummy_env),
        "fast": (ours, make_batched_env),
        "fast, DummyVecEnv": (ours, make_dummy_env),
    }
    sbx = load_sbx()
    if sbx is not None:
        classes["sbx"] = (getattr(sbx, name), make_dummy_env)
    parameters = {"n_steps": options.n_steps} if name == "PPO" else {"buffer_size": 200_000}

    def maker(
        model_class: type[BaseAlgorithm], make_env: Callable[..., VecEnv]
    ) -> Callable[[], BaseAlgorithm]:
        return lambda: model_class(
            "MlpPolicy",
            make_env(options.environment, options.n_envs, options.threads),
            seed=0,
            device="cpu",
            policy_kwargs={"net_arch": NET_ARCH[options.algorithm]},
            **parameters,
        )

    return {contender: maker(*pair) for contender, pair in classes.items()}


class Clock:
    """Trains a model in pieces and measures each; the first one includes start-up and compilation."""

    def __init__(self, make: Callable[[], BaseAlgorithm]) -> None:
        self.model = make()
        self.spent = dict.fromkeys(PARTS, 0.0)
        self.model.collect_rollouts = self._timed("collect", self.model.collect_rollouts)
        self.model.train = self._timed("update", self.model.train)

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            result = function(*args, **kwargs)
            self.spent[part] += time.perf_counter() - start
            return result

        return run

    def learn(self, timesteps: int) -> dict[str, float]:
        """Train for so many timesteps and return the seconds of each part."""
        self.spent = dict.fromkeys(PARTS, 0.0)
        start = time.perf_counter()
        self.model.learn(timesteps, reset_num_timesteps=False, log_interval=None)
        return self.spent | {"total": time.perf_counter() - start}


def measure(options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """Train all contenders in turn; return the seconds of every round, the one with the compilation first."""
    clocks = {name: Clock(make) for name, make in make_contenders(options).items()}
    if options.algorithm != "ppo":
        for clock in clocks.values():  # past the random actions before learning starts
            clock.model.learn(options.n_envs * (clock.model.learning_starts // options.n_envs + 1))
    timesteps = timesteps_per_round(options)
    seconds: dict[str, list[dict[str, float]]] = {name: [] for name in clocks}
    for _ in range(options.rounds + 1):
        for name, clock in clocks.items():
            seconds[name].append(clock.learn(timesteps))
    return seconds


def timesteps_per_round(options: argparse.Namespace) -> int:
    return options.n_envs * (options.n_steps if options.algorithm == "ppo" else options.vector_steps)


def summarize(seconds: dict[str, list[dict[str, float]]], timesteps: int) -> list[dict[str, Any]]:
    """Turn the seconds of every round into a row of medians and ratios per contender."""
    rows = []
    for name, (first, *rounds) in seconds.items():
        row: dict[str, Any] = {"contender": name}
        for part in PARTS:
            times = [spent[part] for spent in rounds]
            ratios = [
                theirs[part] / mine[part] for mine, theirs in zip(rounds, seconds[STOCK][1:], strict=True)
            ]
            row |= {f"{part}_s": statistics.median(times), f"{part}_ratio": statistics.median(ratios)}
        row["timesteps_per_s"] = timesteps / row["total_s"]
        row["compile_s"] = max(0.0, first["total"] - row["total_s"])
        rows.append(row)
    return rows


def as_table(rows: list[dict[str, Any]]) -> str:
    lines = [["contender", "timesteps/s", *(f"{part} [s] (x)" for part in PARTS), "compile [s]"]]
    for row in rows:
        parts = [f"{row[f'{part}_s']:.3f} ({row[f'{part}_ratio']:.2f})" for part in PARTS]
        lines.append([row["contender"], f"{row['timesteps_per_s']:,.0f}", *parts, f"{row['compile_s']:.1f}"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--algorithm", choices=list(NET_ARCH), default="ppo")
    parser.add_argument("--environment", default="HalfCheetah-v5", metavar="ID")
    parser.add_argument("--n-envs", type=int, default=8)
    parser.add_argument("--n-steps", type=int, default=2048, help="PPO: steps per environment and rollout")
    parser.add_argument(
        "--vector-steps", type=int, default=200, help="SAC, TD3, TQC: steps per environment and round"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of torch and of the batched environments")
    parser.add_argument("--output", type=Path, default=Path("build/training.json"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark, print its table and write it as JSON."""
    options = parse_arguments(arguments)
    torch.set_num_threads(options.threads)
    machine = describe_machine()
    machine["versions"] |= {
        package: installed(package) for package in ("torch", "jax", "sb3-contrib", "sbx-rl")
    }
    print(json.dumps(machine, indent=2))
    rows = summarize(measure(options), timesteps_per_round(options))
    print(f"\n{options.algorithm}, {options.environment}, {options.n_envs} environments\n{as_table(rows)}")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    result = {"machine": machine, "options": vars(options) | {"output": str(options.output)}, "rows": rows}
    options.output.write_text(json.dumps(result, indent=2))
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
