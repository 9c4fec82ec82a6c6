"""Stepping speed of environments, relative to the limit of the machine and to other libraries, in one run.

    python benchmarks/stepping.py [--environments Ant-v5] [--sizes 8 64 512 4096] [--memory] [--rounds 9]

This is `rl-pipeline bench stepping` with envpool, which takes part where it is installed
(`pip install rl-pipeline[bench]`), and with the ratios that are to be reached.
"""

import argparse
from pathlib import Path

from stepping_peers import PEERS

from rl_pipeline.bench import stepping
from rl_pipeline.bench.stepping_contenders import CONTENDERS, OURS
from rl_pipeline.commands.bench import add_stepping_arguments

ENVIRONMENTS = ["HalfCheetah-v5", "Hopper-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5"]
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
ALL = {OURS: CONTENDERS[OURS], **PEERS, **CONTENDERS}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_stepping_arguments(parser)
    parser.add_argument("--contenders", nargs="+", default=list(ALL), choices=list(ALL))
    parser.set_defaults(environments=ENVIRONMENTS, output=Path("build/stepping.json"))
    return parser.parse_args()


if __name__ == "__main__":
    options = parse_arguments()
    stepping.run(options, {name: ALL[name] for name in options.contenders}, TARGETS)
