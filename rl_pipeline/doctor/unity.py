"""Check of the Unity build that config.yml names."""

import os
from pathlib import Path

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.launcher import load_launcher_config
from rl_pipeline.doctor.finding import Finding

LAUNCHER_CONFIG = Path("config.yml")


def check() -> list[Finding]:
    """Check that the build exists."""
    if not LAUNCHER_CONFIG.exists():
        return [Finding("unity", "ok", f"no {LAUNCHER_CONFIG} here, so no build is named")]
    try:
        build = load_launcher_config(LAUNCHER_CONFIG).unity.build_path
    except ConfigError as error:
        return [Finding("config.yml", "error", str(error), "correct the file")]
    if build is None:
        return [Finding("unity", "ok", f"{LAUNCHER_CONFIG} names no build")]
    return [executable(Path(build))]


def executable(build: Path) -> Finding:
    """Check the file of a build."""
    if not build.is_file():
        remedy = (
            f"build the scene for this system into {build}, or correct unity.build_path in {LAUNCHER_CONFIG}"
        )
        return Finding("unity", "error", f"the build {build} does not exist", remedy)
    if not os.access(build, os.X_OK):
        return Finding("unity", "error", f"{build} is not executable", f"chmod +x '{build}'")
    return Finding("unity", "ok", f"{build}")
