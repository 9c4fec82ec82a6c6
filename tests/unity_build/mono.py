"""Compiling and running C# with Mono."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "unity_build" / "package" / "com.rl-pipeline.unity"
PROTOCOL = PACKAGE / "Runtime" / "Protocol"
SOURCES = Path(__file__).parent / "csharp"
needs_mono = pytest.mark.skipif(
    shutil.which("mcs") is None or shutil.which("mono") is None,
    reason="needs Mono: apt-get install mono-mcs mono-runtime",
)


def compile_csharp(output: Path, *sources: Path, references: tuple[Path, ...] = ()) -> Path:
    """Compile to a program (.exe) or library (.dll), with every warning taken for an error."""
    target = "library" if output.suffix == ".dll" else "exe"
    command = ["mcs", "-langversion:7.2", "-warn:4", "-warnaserror", f"-target:{target}", f"-out:{output}"]
    command += [f"-reference:{reference}" for reference in references]
    made = subprocess.run(
        [*command, *map(str, sources)], capture_output=True, text=True, timeout=300, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return output
