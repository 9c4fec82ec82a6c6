"""`python train_example.py --config FILE` does the same as `rl-pipeline train --config FILE`."""

import sys

from rl_pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
