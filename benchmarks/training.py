"""Training speed of agents, side by side with stock Stable-Baselines3 and sbx, in one run.

    python benchmarks/training.py --algorithm ppo|sac|td3|tqc --n-envs 8 [--environment HalfCheetah-v5] [--rounds 5]

This is `rl-pipeline bench training` with sbx, which takes part where it is installed
(`pip install rl-pipeline[bench]`) and trains in the environments that stock SB3 trains in. Every contender has SB3's
default parameters, networks included.
"""

import argparse
import warnings
from pathlib import Path

from rl_pipeline.bench import training
from rl_pipeline.bench.models import make_dummy_env
from rl_pipeline.commands.bench import add_training_arguments


def peers(algorithm: str) -> training.Contenders:
    try:
        import sbx
    except ImportError:
        warnings.warn("sbx is not installed and takes no part", stacklevel=2)
        return {}
    return {"sbx": (getattr(sbx, algorithm.upper()), make_dummy_env)}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_training_arguments(parser)
    parser.set_defaults(vector_steps=200, output=Path("build/training.json"))
    return parser.parse_args()


if __name__ == "__main__":
    options = parse_arguments()
    training.run(options, peers(options.algorithm))
