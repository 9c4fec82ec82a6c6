"""Two ranks learn together to reach goals, from hindsight replay of their own."""

import csv
from pathlib import Path

import pytest
import yaml

from rl_pipeline.run.folder import find_runs
from tests.launchers import start

PUSH = Path(__file__).parents[1] / "envs" / "mujoco" / "push.py"
COMMAND = "torchrun --standalone --nproc_per_node=2 -m rl_pipeline train --config push.yaml"


@pytest.mark.slow
@pytest.mark.timeout(3600)  # the machine may be busy
def test_ddpg_on_two_ranks_reaches_more_goals(tmp_path: Path) -> None:
    mapping = {
        "experiment": {"name": "push", "folder": str(tmp_path / "experiments")},
        "environment": {
            "id": f"{PUSH}:Push",
            "backend": "mujoco",
            "n_environments": 8,
            "normalize": {"observation": True, "clip_observation": 200.0},
        },
        "training": {
            "algorithm": "ddpg",
            "tensorboard": False,
            "algorithm_parameters": {
                "gamma": 0.95,
                "batch_size": 128,
                "buffer_size": 100_000,
                "learning_starts": 1000,
                "gradient_steps": 4,
                "action_noise": {"type": "normal", "std": 0.2},
            },
            "hindsight_replay": {},
            "off_policy": {"random_actions": 0.3, "target_range": "sparse"},
            "architecture": {"net_arch": [64, 64]},
            "training": {
                "total_timesteps": 40_000,
                "device": "cpu",
                "eval": {"num_episodes": 50, "num_evals": 2},
            },
            "checkpoint": {"export": False},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    (tmp_path / "push.yaml").write_text(yaml.safe_dump(mapping))
    process = start(COMMAND.split(), cwd=tmp_path, extra={})
    output, _ = process.communicate(timeout=3000)
    assert process.returncode == 0, output
    [run] = find_runs(tmp_path / "experiments")
    with (run.path / "evaluations.csv").open() as file:
        rates = [float(row["eval/success_rate"]) for row in csv.DictReader(file)]
    assert rates[-1] > rates[0] + 0.15
