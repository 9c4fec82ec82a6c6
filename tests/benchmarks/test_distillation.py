import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "distillation.py"


def test_compares_updates_a_second(tmp_path: Path) -> None:
    output = tmp_path / "distillation.json"
    options = ["--rounds", "1", "--updates", "1", "--episodes", "8", "--width", "8", "--output", str(output)]
    table = subprocess.check_output([sys.executable, str(SCRIPT), *options], text=True)
    assert "updates/s" in table
    ratios = json.loads(output.read_text())["ratios"]
    assert ratios["plain PyTorch"] == 1.0
    assert all(ratio > 0 for ratio in ratios.values())
