"""The guides to an environment, a network, a reward and a callback of one's own, run as they stand."""

import csv
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rl_pipeline.class_path import resolve_class
from rl_pipeline.config.loading import load_config
from rl_pipeline.envs.factory import make_vector_env
from tests.documentation import DOCS, blocks, commands, rl_pipeline, write_files

SHORT = [
    "training.training.total_timesteps=1024",
    "training.training.eval.num_evals=1",
    "evaluation.num_episodes=1",
    "evaluation.video=false",
]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for page in ("own_callback.md", "own_environment.md", "own_network.md", "own_reward.md"):
        write_files(DOCS / page, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_own_environment_has_at_most_40_lines_and_is_one_of_gymnasiums(reader: Path) -> None:
    [text] = blocks(DOCS / "own_environment.md", "python")
    assert len(text.splitlines()) <= 40
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        warnings.filterwarnings("ignore", message=".*infinity. This is probably too.*")
        check_env(resolve_class("cart.py:Cart", gymnasium.Env, "environment.id")(), skip_render_check=True)


def test_the_own_environment_is_learnt_and_filmed(reader: Path) -> None:
    [train] = commands(DOCS / "own_environment.md")
    rl_pipeline(train)
    [report] = reader.rglob("eval.json")
    assert json.loads(report.read_text())["success_rate"] >= 0.9
    [film] = reader.rglob("videos/best.mp4")
    assert film.stat().st_size > 1000


def test_the_own_network_is_trained_by_the_fast_engine(
    reader: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [train] = commands(DOCS / "own_network.md")
    rl_pipeline(train, *SHORT)
    assert "own loop" not in caplog.text
    assert list(reader.rglob("code/gated.py"))


def test_the_own_callback_ends_the_training(reader: Path) -> None:
    [train] = commands(DOCS / "own_callback.md")
    rl_pipeline(train, "evaluation.num_episodes=1", "evaluation.video=false")
    [metadata] = reader.rglob("run.json")
    run = json.loads(metadata.read_text())
    assert run["reason"] == "2 evaluations in a row reached 60"
    assert run["timestep"] < 50_000
    assert list(reader.rglob("code/streak.py"))


def test_the_own_wrapper_changes_the_reward_and_records_its_cost(reader: Path) -> None:
    [train] = commands(DOCS / "own_reward.md")
    rl_pipeline(train, *SHORT)
    [curve] = reader.rglob("evaluations.csv")
    row = list(csv.DictReader(curve.open()))[-1]
    length, cost = float(row["eval/mean_ep_length"]), float(row["eval/effort_cost_mean"])
    assert cost > 0
    assert float(row["eval/mean_reward"]) < length


def test_the_own_task_rewards_its_wanted_speed(reader: Path) -> None:
    env = make_vector_env(load_config(Path("steady.yaml")).config.environment)
    actions = np.full(env.action_space.shape, 0.5, np.float32)
    observations, rewards, *_ = env.step(actions)
    env.close()
    forward_speed, effort = observations[:, 8], 6 * 0.5**2
    expected = np.minimum(forward_speed, 2 * 1.5 - forward_speed) - 0.1 * effort
    np.testing.assert_allclose(rewards, expected, rtol=1e-6)
