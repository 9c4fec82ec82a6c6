"""`rl-pipeline export`: a policy as an ONNX file that acts without the training stack."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.run_arguments import add_run, chosen
from rl_pipeline.errors import RefusedError

if TYPE_CHECKING:
    from rl_pipeline.deploy.export import Export

NAME = "export"
HELP = "export a run's policy to an ONNX file that acts without the training stack"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    parser.add_argument(
        "--out",
        type=onnx_path,
        default=Path("policy.onnx"),
        metavar="OUT.onnx",
        help="the file to write (default policy.onnx); OUT.parity.json is written beside it",
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def onnx_path(text: str) -> Path:
    """Parse the name of an ONNX file to write."""
    path = Path(text).expanduser()
    if path.suffix != ".onnx":
        raise argparse.ArgumentTypeError(f"'{text}' must end in .onnx")
    return path


def run(options: argparse.Namespace) -> None:
    """Export."""
    from rl_pipeline.deploy.export import export_policy

    folder, checkpoint = chosen(options.run_name, options.checkpoint)
    check_target(options.out, force=options.force)
    print_export(export_policy(folder, checkpoint, options.out))


def check_target(file: Path, *, force: bool) -> None:
    """Refuse a file that cannot be written, or that exists unless it may be replaced.

    Raises:
        RefusedError: The folder does not exist, or a file of this name does.
    """
    from rl_pipeline.deploy.export import report_beside

    if not file.parent.is_dir():
        raise RefusedError(f"--out: there is no folder {file.parent.resolve()}; make it first")
    existing = [str(path) for path in (file, report_beside(file)) if path.exists()]
    if existing and not force:
        raise RefusedError(f"would replace {' and '.join(existing)}; give another --out, or add --force")


def print_export(export: "Export") -> None:
    """Print what was written, how exact it is, and what the file cannot say."""
    document, parity = export.document, export.document["parity"]
    print(f"{export.file}  checkpoint '{document['checkpoint']}' (timestep {document['timestep']:,})")
    print(
        f"{export.report}  largest error of an action {parity['largest_error']:.1e} over "
        f"{parity['n_observations']:,} observations: {parity['observations']}"
    )
    for sentence in document["missing"]:
        print(f"  {sentence}")
