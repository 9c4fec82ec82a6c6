"""`rl-pipeline bench`: measure the speed of stepping, training and acting on this machine."""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from rl_pipeline.commands.argument_types import positive, positive_number
from rl_pipeline.errors import RefusedError

NAME = "bench"
HELP = "measure how fast this machine steps environments, trains agents and acts"
STEPPING = """environment steps per second of the batched MuJoCo backend, Stable-Baselines3's DummyVecEnv and
Gymnasium's sync and async vector environments, as ratios to the limit: as many threads that only call mj_step"""
TRAINING = """timesteps per second of collecting, updating and both together, of stock Stable-Baselines3 and of
`training.engine: fast`, with SB3's default parameters; start-up and compilation are reported separately"""
POLICY = """microseconds that a policy with SB3's default network takes for a batch of actions: SB3's predict and the
actor with which the fast engine collects"""
FAST_ALGORITHMS = ("ppo", "sac", "td3", "tqc")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parsers = parser.add_subparsers(dest="benchmark", required=True, metavar="BENCHMARK")
    for name, (summary, declare) in BENCHMARKS.items():
        declare(
            parsers.add_parser(
                name,
                help=summary,
                description=f"Measure {summary}.",
                formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            )
        )


def run(options: argparse.Namespace) -> None:
    """Run the benchmark.

    Raises:
        RefusedError: The environment does not exist, or the fast engine does not cover its policy.
    """
    import gymnasium

    from rl_pipeline.learners.sb3.fast.coverage import NotCovered

    try:
        import_module(f"rl_pipeline.bench.{options.benchmark}").run(options)
    except (gymnasium.error.Error, NotCovered) as error:
        raise RefusedError(f"nothing to measure: {error}") from error


def add_stepping_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `rl_pipeline.bench.stepping`."""
    environments = ["HalfCheetah-v5", "Ant-v5", "Humanoid-v5"]
    parser.add_argument("--environments", nargs="+", default=environments, metavar="ID", help="MuJoCo tasks")
    parser.add_argument(
        "--sizes", nargs="+", type=positive, default=[8, 64], metavar="N", help="numbers of environments"
    )
    parser.add_argument(
        "--memory", action="store_true", help="also measure the memory of each number of environments"
    )
    _add_common(parser, "stepping", rounds=9, seconds=0.5, seconds_help="of each measurement")


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `rl_pipeline.bench.training`."""
    parser.add_argument("--algorithm", choices=FAST_ALGORITHMS, default="ppo", help="what trains")
    _add_environment(parser, "a MuJoCo task")
    parser.add_argument("--n-envs", type=positive, default=8, metavar="N", help="number of environments")
    parser.add_argument(
        "--n-steps", type=positive, default=2048, help="ppo: steps of each environment in a rollout"
    )
    parser.add_argument(
        "--vector-steps",
        type=positive,
        default=100,
        help="sac, td3, tqc: steps of each environment in the shortest training that is measured",
    )
    seconds_help = (
        "approximate seconds of stock SB3's training in a round, rounded to rollouts or --vector-steps"
    )
    _add_common(parser, "training", rounds=5, seconds=1.0, seconds_help=seconds_help)


def add_policy_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `rl_pipeline.bench.policy`."""
    parser.add_argument(
        "--algorithms", nargs="+", choices=FAST_ALGORITHMS, default=list(FAST_ALGORITHMS), help="what acts"
    )
    _add_environment(parser, "any id of Gymnasium, for its spaces")
    parser.add_argument(
        "--batches", nargs="+", type=positive, default=[1, 8, 64], metavar="N", help="observations at a time"
    )
    _add_common(parser, "policy", rounds=5, seconds=0.2, seconds_help="of each measurement")


def _add_environment(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--environment", default="HalfCheetah-v5", metavar="ID", help=what)


def _add_common(
    parser: argparse.ArgumentParser, name: str, rounds: int, seconds: float, seconds_help: str
) -> None:
    from rl_pipeline.bench.machine import count_cores

    cores, output = count_cores(), Path("build", f"bench_{name}.json")
    parser.add_argument(
        "--rounds",
        type=positive,
        default=rounds,
        help="number of rounds that measure everything in turn; the medians are reported",
    )
    parser.add_argument("--seconds", type=positive_number, default=seconds, help=seconds_help)
    parser.add_argument("--threads", type=positive, default=cores, help="threads of simulators and of torch")
    parser.add_argument("--output", type=Path, default=output, help="the JSON file to write")


BENCHMARKS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "stepping": (STEPPING, add_stepping_arguments),
    "training": (TRAINING, add_training_arguments),
    "policy": (POLICY, add_policy_arguments),
}
