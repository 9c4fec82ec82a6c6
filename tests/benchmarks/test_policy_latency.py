import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "policy_latency.py"


def test_writes_ratio_percentiles_and_growth(tmp_path: Path) -> None:
    output = tmp_path / "latency.json"
    options = ["--rounds", "1", "--calls", "20", "--rate", "200", "--seconds", "0.1", "--output", str(output)]
    table = subprocess.check_output([sys.executable, str(SCRIPT), *options], text=True)
    assert "ratio of the medians" in table
    result = json.loads(output.read_text())
    assert result["ratio"] > 0
    assert set(result["microseconds"]) == {
        "session.run",
        "OnnxPolicy.act",
        "session.run at 200 Hz",
        "OnnxPolicy.act at 200 Hz",
    }
    assert all(row["median"] <= row["p99"] <= row["p99.9"] for row in result["microseconds"].values())
    assert isinstance(result["growth_bytes"], int)
