import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "training.py"


def test_compares_with_sbx_where_it_is_installed(tmp_path: Path) -> None:
    output = tmp_path / "training.json"
    command = [sys.executable, str(SCRIPT), "--algorithm", "ppo", "--environment", "InvertedPendulum-v5"]
    command += ["--n-envs", "1", "--n-steps", "64", "--rounds", "1", "--seconds", "0.01"]
    done = subprocess.run(
        [*command, "--output", str(output)], text=True, capture_output=True, check=True, timeout=200
    )
    rows = json.loads(output.read_text())["rows"]
    contenders = ["stock SB3", "fast", "fast, DummyVecEnv"]
    if find_spec("sbx"):
        contenders.append("sbx")
    else:
        assert "sbx is not installed" in done.stderr
    assert [row["contender"] for row in rows] == contenders
    assert min(row["total_ratio"] for row in rows) > 0
    assert "timesteps per second" in done.stdout
