import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "stepping.py"


def test_writes_ratios_machine_and_versions(tmp_path: Path) -> None:
    output = tmp_path / "results" / "stepping.json"
    command = [sys.executable, str(SCRIPT), "--environments", "InvertedPendulum-v5", "--sizes", "2"]
    command += ["--contenders", "rl-pipeline", "Gymnasium sync", "--rounds", "1", "--seconds", "0.02"]
    table = subprocess.check_output([*command, "--output", str(output)], text=True)
    assert "InvertedPendulum-v5" in table
    result = json.loads(output.read_text())
    (row,) = result["rows"]
    assert row["limit"] > 0
    assert set(row["ratios"]) == {"rl-pipeline", "Gymnasium sync"}
    assert min(row["ratios"].values()) > 0
    assert set(result["options"]["contenders"]) == set(row["ratios"])
    assert result["machine"]["versions"]["mujoco"]
