import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "collect.py"


def test_compares_episodes_a_second(tmp_path: Path) -> None:
    output = tmp_path / "collect.json"
    options = ["--rounds", "1", "--episodes", "1", "--output", str(output)]
    table = subprocess.check_output([sys.executable, str(SCRIPT), *options], text=True)
    assert "episodes/s" in table
    ratios = json.loads(output.read_text())["ratios"]
    assert ratios["evaluation"] == 1.0
    assert ratios["collect"] > 0
