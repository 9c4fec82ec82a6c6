"""`rl-pipeline doctor`: check what works on this machine, and print remedies for what does not."""

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

from rl_pipeline.errors import CommandFailedError

if TYPE_CHECKING:
    from rl_pipeline.doctor import Finding

NAME = "doctor"
HELP = "check what works on this machine, and print a remedy for what does not"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--quiet", action="store_true", help="print only errors")


def run(options: argparse.Namespace) -> None:
    """Print one finding per line.

    Raises:
        CommandFailedError: One of the findings is an error.
    """
    from rl_pipeline.doctor import CHECKS

    findings: list[Finding] = []
    for check in CHECKS:
        found = check()
        findings += found
        if not options.json:
            for finding in found:
                if finding.level == "error" or not options.quiet:
                    print(line(finding), flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    count = sum(finding.level == "error" for finding in findings)
    if count:
        raise CommandFailedError(f"{count} error{'s' if count > 1 else ''} found")


def line(finding: "Finding") -> str:
    """Print a finding, with its remedy below it."""
    remedy = f"\n{'':9s}remedy: {finding.remedy}" if finding.remedy else ""
    return f"{finding.level:8s} {finding.subject}: {finding.text}{remedy}"
