"""`rl-pipeline export`: write a policy as an ONNX file that acts without the training stack."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import path_ending_in
from rl_pipeline.commands.run_arguments import add_run, check_targets, chosen

if TYPE_CHECKING:
    from rl_pipeline.deploy.export import Export

NAME = "export"
HELP = "export a run's policy to an ONNX file that acts without the training stack"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    parser.add_argument(
        "--out",
        type=path_ending_in(".onnx"),
        default=Path("policy.onnx"),
        metavar="OUT.onnx",
        help="the file to write (default policy.onnx); OUT.parity.json is written beside it",
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")


def run(options: argparse.Namespace) -> None:
    """Export."""
    from rl_pipeline.deploy.export import export_policy, report_beside

    folder, checkpoint = chosen(options.run_name, options.checkpoint)
    check_targets(options.out, report_beside(options.out), force=options.force)
    print_export(export_policy(folder, checkpoint, options.out))


def print_export(export: "Export") -> None:
    """Print the written files, their accuracy, and what the file does not contain."""
    document, parity = export.document, export.document["parity"]
    print(f"{export.file}  checkpoint '{document['checkpoint']}' (timestep {document['timestep']:,})")
    print(
        f"{export.report}  largest error of an action {parity['largest_error']:.1e} over "
        f"{parity['n_observations']:,} observations: {parity['observations']}"
    )
    for sentence in document["missing"]:
        print(f"  {sentence}")
