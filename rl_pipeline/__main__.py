"""`python -m rl_pipeline` is the command `rl-pipeline`."""

import sys

from rl_pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main())
