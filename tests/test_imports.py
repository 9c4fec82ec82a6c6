"""The order of imports that CONTRIBUTING.md describes and pyproject.toml states."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    command += ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_imports_go_one_way() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


def test_an_import_against_the_order_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rl_pipeline", tmp_path / "rl_pipeline")
    (tmp_path / "rl_pipeline" / "wrappers" / "wrong.py").write_text("import rl_pipeline.run.folder\n")
    result = lint(tmp_path)
    assert result.returncode != 0
    assert "rl_pipeline.wrappers.wrong -> rl_pipeline.run.folder" in result.stdout
