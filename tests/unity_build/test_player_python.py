import os
import subprocess
import sys
import venv
from pathlib import Path

PLAYER = Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64"


def test_the_player_finds_the_python_of_the_project(tmp_path: Path) -> None:
    venv.create(tmp_path / "other", with_pip=False)
    result = subprocess.run(
        [str(PLAYER), "--ros-port", "1", "--help"],
        env=os.environ | {"PATH": str(tmp_path / "other" / "bin"), "RL_PIPELINE_VENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "--ros-port" in result.stdout
