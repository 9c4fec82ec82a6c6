import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ros_network import RosNetwork
from tests.ros_nodes.test_closed_loop import CHEETAH, policy_of_ppo

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "real_time.py"


@pytest.mark.timeout(600)
def test_rewards_in_real_time_stand_beside_those_in_process(ros_network: RosNetwork, tmp_path: Path) -> None:
    run = policy_of_ppo(tmp_path, CHEETAH).parent
    output = tmp_path / "rows.json"
    command = [
        sys.executable,
        str(SCRIPT),
        str(run),
        "--rate",
        "20",
        "--steps",
        "30",
        "--output",
        str(output),
    ]
    result = subprocess.run(command, env=ros_network.environ, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    [row] = json.loads(output.read_text())
    assert row["steps"] == 30
    assert 0 <= row["equal steps"] <= 30
    assert abs(row["return"] - row["in process"]) < 50.0
