"""`rl-pipeline dextgen`: translate the settings of dextgen into a configuration."""

import argparse
from pathlib import Path

from rl_pipeline.commands.argument_types import path_ending_in, positive
from rl_pipeline.commands.run_arguments import check_targets

NAME = "dextgen"
HELP = "translate settings of dextgen into a configuration, and list those without a counterpart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("file", type=Path, help="dextgen's experiment_config.yaml, with Default and blocks")
    parser.add_argument("--env", required=True, metavar="ID", help="the environment, e.g. FlatPJCube-v0")
    parser.add_argument(
        "--ranks",
        type=positive,
        default=1,
        help="number of processes of the training, as in `mpirun -n` (default 1)",
    )
    parser.add_argument(
        "--out",
        type=path_ending_in(".yaml"),
        required=True,
        metavar="OUT.yaml",
        help="the configuration to write",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def run(options: argparse.Namespace) -> None:
    """Translate."""
    from rl_pipeline.atomic import atomic_write
    from rl_pipeline.config.dextgen import translate_dextgen
    from rl_pipeline.config.yaml_dialect import dump_yaml

    check_targets(options.out, force=options.force)
    translated = translate_dextgen(options.file, options.env, options.ranks)
    with atomic_write(options.out, mode="w") as file:
        file.write(dump_yaml(translated.mapping))
    for note in translated.notes:
        print(f"note: {note}")
    ranks = f", for {options.ranks} ranks" if options.ranks > 1 else ""
    timesteps = translated.mapping["training"]["training"]["total_timesteps"]
    print(f"{options.out} ({options.env}, {timesteps:,} timesteps{ranks})")
