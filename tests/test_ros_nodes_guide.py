import json
import re
import subprocess
from pathlib import Path

from tests.ros_network import RosNetwork

ROOT = Path(__file__).parents[1]


def test_the_guide_trains_evaluates_and_plays(ros_network: RosNetwork, tmp_path: Path) -> None:
    [text] = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "ros_nodes.md").read_text(), re.DOTALL)
    activate, train, evaluate, play = text.splitlines()
    short = (
        "training.training.total_timesteps=8192",
        "training.training.eval.num_evals=1",
        "environment.wrappers=[{time_limit: {max_episode_steps: 200}}]",
        "evaluation.video=false",
        f"experiment.folder={tmp_path}",
    )
    train = train.replace("training.training.total_timesteps=20000", '", "'.join(short))

    def bash(command: str) -> str:
        result = subprocess.run(
            ["bash", "-c", f"{activate}\n{command}"],
            cwd=ROOT,
            env=ros_network.environ,
            text=True,
            capture_output=True,
            timeout=240,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    assert "Training finished at timestep" in bash(train)
    [run] = {path.parent for path in tmp_path.rglob("run.json")}
    bash(evaluate.replace("run:=halfcheetah", f"run:={run}"))
    assert len(json.loads((run / "eval.json").read_text())["returns"]) == 3
    assert "episode 2: return" in bash(play.replace("run:=halfcheetah", f"run:={run}"))
