"""A run that version 0.1.0 wrote: its files have other layouts, and its model.zip needs classes that are gone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.evaluate import evaluate
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.plan import plan_resume
from rl_pipeline.run.saved_policy import save_policy
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import open_policy
from tests.without_us import modules_in_model, of_ours, run_without_us

OLD = Path(__file__).parents[1] / "data" / "run_of_0.1.0"
EVALUATE = """\
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

env = VecNormalize.load("best_vecnormalize.pkl", make_vec_env("Pendulum-v1", n_envs=2, seed=1000))
model = PPO.load("best.zip", device="cpu")
print(evaluate_policy(model, env, n_eval_episodes=2)[0], env.ret_rms.count, model.num_timesteps, model.n_steps)
"""


@pytest.fixture
def old_run(tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(OLD, tmp_path / "run"))


def test_it_is_evaluated_as_before(old_run: RunFolder) -> None:
    before = json.loads((old_run.path / "eval.json").read_text())
    report = evaluate_checkpoint(old_run, choose_checkpoint(old_run))
    assert report["checkpoint"] == before["checkpoint"] == "best"
    np.testing.assert_allclose(report["returns"], before["returns"], rtol=1e-4)


@pytest.mark.usefixtures("without_pictures")
def test_it_is_resumed_with_its_statistics(old_run: RunFolder) -> None:
    _, result, _ = run_plan(plan_resume(str(old_run.path), ["training.training.total_timesteps=320"]))
    assert (result.status, result.timestep) == ("finished", 320)
    final = CheckpointStore(old_run.checkpoints).find("final")
    with np.load(final.path / "normalizer.npz", allow_pickle=False) as statistics:
        assert statistics["reward.count"] == pytest.approx(320)
    assert "time/minutes" not in (old_run.path / "progress.csv").read_text()
    for path in (final.path, old_run.path):
        assert not of_ours(modules_in_model(path / "model.zip"))
        assert (path / "vecnormalize.pkl").is_file()


def test_its_policy_is_saved_for_the_stock_library(old_run: RunFolder, tmp_path: Path) -> None:
    best = choose_checkpoint(old_run)
    files = sorted(best.path.iterdir())
    saved = save_policy(old_run, best, tmp_path / "best.zip")
    assert sorted(best.path.iterdir()) == files
    assert saved.vec_normalize == tmp_path / "best_vecnormalize.pkl"
    mean_return, *numbers = map(float, run_without_us(EVALUATE, tmp_path).split())
    assert numbers == pytest.approx([128, 128, 32])
    with open_policy(old_run, best, n_episodes=2) as policy:
        expected = evaluate(policy.policy, policy.env, n_episodes=2, seed=1000).mean_return
    assert mean_return == pytest.approx(expected, rel=1e-6)
