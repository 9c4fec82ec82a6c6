"""`rl-pipeline schema`: write the JSON schema with which editors complete and check configurations."""

import argparse
from pathlib import Path

NAME = "schema"
HELP = "write configs/schema.json, with which editors complete and check YAML files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "--out", type=Path, default=Path("configs/schema.json"), help="default configs/schema.json"
    )


def run(options: argparse.Namespace) -> None:
    """Write the schema."""
    from rl_pipeline.atomic import atomic_write
    from rl_pipeline.run.editor_schema import schema_text

    with atomic_write(options.out, mode="w") as file:
        file.write(schema_text())
    print(options.out)
