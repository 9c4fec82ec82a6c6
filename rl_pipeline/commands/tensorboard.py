"""`rl-pipeline tensorboard`: show the logs of runs in a browser."""

import argparse

from rl_pipeline.commands.argument_types import tcp_port
from rl_pipeline.commands.run_arguments import add_runs, named_runs
from rl_pipeline.errors import RefusedError

NAME = "tensorboard"
HELP = "show the TensorBoard logs of runs in a browser on this machine"
LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 6006


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_runs(parser, default="all runs, including later ones")
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"address to listen on (default {LOOPBACK}, only this machine)"
    )
    parser.add_argument(
        "--port", type=tcp_port, default=DEFAULT_PORT, help=f"port to listen on (default {DEFAULT_PORT})"
    )


def run(options: argparse.Namespace) -> None:
    """Serve until Ctrl-C.

    Raises:
        RefusedError: A named run has no logs, TensorBoard is not installed, or the port is in use.
    """
    from rl_pipeline.run.folder import find_runs
    from rl_pipeline.run.locate import DEFAULT_ROOT
    from rl_pipeline.run.tensorboard_server import LOGS, serve

    named = named_runs(options.run_names)
    for run in named:
        if not (run.path / LOGS).is_dir():
            raise RefusedError(f"{run.path} has no logs: it was trained with `training.tensorboard: false`")
    serve(lambda: named or find_runs(DEFAULT_ROOT), options.host, options.port, announce)


def announce(address: str) -> None:
    """Print the address of TensorBoard."""
    print(f"TensorBoard shows the runs at {address}; press Ctrl-C to stop it", flush=True)
