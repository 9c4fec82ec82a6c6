import json
import subprocess
import sys
from pathlib import Path

from rl_pipeline.envs.mujoco.tasks.reward_terms import PRESETS

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "motion_task.py"


def test_writes_a_ratio_for_each_preset(tmp_path: Path) -> None:
    output = tmp_path / "motion.json"
    options = ["--environments", "2", "--steps", "2", "--rounds", "1", "--output", str(output)]
    subprocess.run([sys.executable, str(SCRIPT), *options], check=True, timeout=250)
    ratios = json.loads(output.read_text())["ratios"]
    assert set(ratios) == {*PRESETS, "trivial"}
    assert ratios["trivial"] == 1.0
