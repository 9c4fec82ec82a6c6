import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.run import reports
from rl_pipeline.run.folder import find_runs
from tests.ros_network import RosNetwork, end

HERE = Path(__file__).parent
ADAPTER = f"{HERE / 'point_adapter.py'}:Point"


@pytest.fixture
def start(ros_network: RosNetwork) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start some points; they end with the test."""
    processes = []

    def start(n: int, trouble: str = "") -> "subprocess.Popen[str]":
        command = [sys.executable, str(HERE / "point.py"), str(n)]
        environ = {**ros_network.environ, "TROUBLE": trouble}
        processes.append(subprocess.Popen(command, env=environ, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        end(process)


def make(n: int, **keys: Any) -> Any:
    ros = {"adapter": ADAPTER, "timeout": 2.0, "startup_timeout": 300.0, **keys}
    return make_vector_env(
        Environment.model_validate({"id": "points", "backend": "ros", "n_environments": n, "ros": ros})
    )


def test_pairs_of_services_are_a_vector_environment(start: Callable[..., Any]) -> None:
    start(3)
    with closing(make(3)) as env:
        observation, _ = env.reset()
        np.testing.assert_allclose(observation[:, 0], [0.0, 0.01, 0.02], atol=1e-7)
        push = np.array([[1.0], [0.5], [-1.0]], np.float32)
        for step in range(1, 10):
            observation, rewards, terminated, truncated, _ = env.step(push)
            np.testing.assert_allclose(
                observation[:, 0], [0.0, 0.01, 0.02] + 0.1 * step * push[:, 0], atol=1e-6
            )
            np.testing.assert_allclose(rewards, -np.abs(0.95 - observation[:, 0]), atol=1e-6)
            assert not (terminated | truncated).any()
        observation, _, terminated, _, infos = env.step(push)
        assert terminated.tolist() == [True, False, False]
        assert infos["final_obs"][0, 0] == pytest.approx(1.0)
        assert infos["success"].tolist() == [1.0, 0.0, 0.0]
        assert observation[0, 0] == 0.0  # the next episode has begun
        truncations = [env.step(push)[3].tolist() for _ in range(20)]
        assert truncations[-1] == [False, False, True]


@pytest.mark.parametrize(
    ("trouble", "error", "part"),
    [
        ("nan", MalformedReplyError, "/point_0/step: observation is nan at position 0"),
        ("empty", SimulationError, "/point_0/step: Point.transition failed: IndexError"),
        ("stall", SimulationError, "/point_0/step did not answer within 2 s, asked 1 times"),
    ],
)
def test_a_malformed_answer_is_named(
    trouble: str, error: type[Exception], part: str, start: Callable[..., Any]
) -> None:
    start(1, trouble)
    with closing(make(1, max_restarts=0)) as env, pytest.raises(error, match=part):
        act(env, 10)


def act(env: Any, steps: int) -> list[bool]:
    return [bool(env.step(np.zeros((env.num_envs, 1), np.float32))[3].any()) for _ in range(steps)]


def test_a_simulation_that_dies_and_comes_back_is_picked_up(start: Callable[..., Any]) -> None:
    first = start(4)
    with closing(make(4, timeout=1.0, max_restarts=1)) as env:  # four environments are lost, but at once
        env.reset()
        act(env, 3)
        first.kill()
        first.communicate()
        start(4)
        assert act(env, 3).count(True) <= 1
        assert env.step(np.ones((4, 1), np.float32))[0].shape == (4, 1)


def test_an_evaluation_in_the_same_simulation_ends_the_episodes(start: Callable[..., Any]) -> None:
    start(2)
    with closing(make(2)) as training, closing(make(1)) as evaluation:
        training.reset()
        seen = [training.step(np.ones((2, 1), np.float32))[0] for _ in range(3)][-1]
        evaluation.reset()
        evaluation.step(np.ones((1, 1), np.float32))
        observation, rewards, _, truncated, infos = training.step(np.ones((2, 1), np.float32))
        assert truncated.all()
        assert not rewards.any()
        np.testing.assert_array_equal(infos["final_obs"], seen)
        np.testing.assert_allclose(observation[:, 0], [0.0, 0.01], atol=1e-7)
        assert not training.step(np.ones((2, 1), np.float32))[3].any()


def test_a_restored_environment_ends_the_episodes_with_its_next_step(start: Callable[..., Any]) -> None:
    start(2)
    with closing(make(2)) as env:
        env.reset()
        seen = [env.step(np.ones((2, 1), np.float32))[0] for _ in range(3)][-1]
        state = env.state_dict()
        act(env, 2)
        with pytest.warns(RuntimeWarning, match="robots start new episodes"):
            env.load_state_dict(state)
        _, _, _, truncated, infos = env.step(np.ones((2, 1), np.float32))
        assert truncated.all()
        np.testing.assert_array_equal(infos["final_obs"], seen)


def test_a_missing_service_is_named(ros_network: RosNetwork) -> None:
    with pytest.raises(ConfigError, match="/point_0: no service 'step' after"):
        make(1, startup_timeout=0.5)


def test_an_unknown_adapter_is_refused(ros_network: RosNetwork) -> None:
    with pytest.raises(ConfigError, match="it has Point"):
        make(1, adapter=ADAPTER + "s")


def test_a_training_reaches_the_goal(
    start: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)
    start(4)
    config = {
        "experiment": {"name": "points", "folder": str(tmp_path / "experiments")},
        "environment": {
            "id": "points",
            "backend": "ros",
            "n_environments": 4,
            "ros": {"adapter": ADAPTER},
            "kwargs": {"gain": 1.0},
        },
        "training": {
            "algorithm": "ppo",
            "algorithm_parameters": {"n_steps": 32, "batch_size": 32},
            "tensorboard": False,
            "training": {"total_timesteps": 256, "device": "cpu", "verbose": 0, "eval": {"num_evals": 1}},
        },
        "evaluation": {"num_episodes": 10, "video": False},
    }
    file = tmp_path / "points.yaml"
    file.write_text(yaml.safe_dump(config))
    assert main(["train", "--config", str(file)]) == 0
    [run] = find_runs(tmp_path / "experiments")
    assert list((run.path / "code").rglob("point_adapter.py"))
    assert "episode/success" in (run.path / "progress.csv").read_text()
