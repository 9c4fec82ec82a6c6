import re
import subprocess
import sys
from pathlib import Path

import yaml

from rl_pipeline.config.environment import Environment

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "mlagents.md").read_text()


def test_the_guide_trains_with_the_player(tmp_path: Path) -> None:
    [command] = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
    short = (
        "training.training.total_timesteps=4096 training.training.eval.num_evals=1 evaluation.num_episodes=2"
    )
    keys = f"{short} experiment.folder={tmp_path} environment.unity.log_folder={tmp_path}/logs"
    command = command.strip().replace("rl-pipeline", f"{sys.executable} -m rl_pipeline")
    result = subprocess.run(
        ["bash", "-c", f"{command} {keys}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Training finished at timestep" in result.stdout
    assert "rl-pipeline eval " in result.stdout
    assert "rl-pipeline record " not in result.stdout, "there are no films of a build"
    assert "no film was made" not in result.stderr
    assert (tmp_path / "logs" / "player-0.log").is_file()


def test_the_section_in_the_guide_is_valid() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    section = yaml.safe_load(text)["environment"]
    assert Environment(**section).unity is not None
