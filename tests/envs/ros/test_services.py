import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError, WorkerError
from rl_pipeline.envs.factory import make_vector_env
from tests.ros_network import RosNetwork

HALF_CHEETAH = "{id: HalfCheetah-v5, backend: mujoco, n_environments: 4, kwargs: {num_threads: 1}}"
CART_POLE = "{id: CartPole-v1, n_environments: 4}"


@contextmanager
def simulation(
    network: RosNetwork, folder: Path, environment: str = HALF_CHEETAH, name: str = "simulation"
) -> Iterator[Any]:
    config = folder / f"{name}.yaml"
    config.write_text(f"environment: {environment}\ntraining: {{algorithm: ppo}}\n")
    with network.node(
        "rl_nodes", "simulation", "-p", f"config:={config}", "-r", f"__node:={name}"
    ) as process:
        yield process


def make_remote(
    environment_id: str = "HalfCheetah-v5", *simulations: str, n: int = 4, **keys: Any
) -> VectorEnv:
    ros = {"simulations": list(simulations or ["/simulation"]), **keys}
    environment = Environment.model_validate(
        {"id": environment_id, "backend": "ros", "n_environments": n, "ros": ros}
    )
    return make_vector_env(environment, seed=3)


def make_local(environment_id: str, n: int = 4, **keys: Any) -> VectorEnv:
    return make_vector_env(Environment(id=environment_id, n_environments=n, **keys), seed=3)


def actions_for(env: VectorEnv, steps: int) -> list[np.ndarray]:
    env.action_space.seed(7)
    return [env.action_space.sample() for _ in range(steps)]


def assert_same_steps(remote: VectorEnv, local: VectorEnv, steps: int) -> int:
    """Step both and return how many episodes ended."""
    ended = 0
    for actions in actions_for(local, steps):
        ours, theirs = remote.step(actions), local.step(actions)
        for mine, expected in zip(ours[:4], theirs[:4], strict=True):
            np.testing.assert_array_equal(mine, expected)
            assert mine.dtype == expected.dtype
        assert ours[4].keys() == theirs[4].keys()
        if "_final_obs" in theirs[4]:
            mask = theirs[4]["_final_obs"]
            ended += int(mask.sum())
            np.testing.assert_array_equal(ours[4]["final_obs"][mask], theirs[4]["final_obs"][mask])
    return ended


def test_trajectories_are_those_in_process(ros_network: RosNetwork, tmp_path: Path) -> None:
    with simulation(ros_network, tmp_path), closing(make_remote()) as remote:
        local = make_local("HalfCheetah-v5", backend="mujoco")
        assert remote.single_observation_space == local.single_observation_space
        assert remote.single_action_space == local.single_action_space
        first, expected = remote.reset(seed=11), local.reset(seed=11)
        np.testing.assert_array_equal(first[0], expected[0])
        assert assert_same_steps(remote, local, 1010) == 4


def test_two_simulations_share_the_environments(ros_network: RosNetwork, tmp_path: Path) -> None:
    with ExitStack() as stack:
        for name in ("left", "right"):
            stack.enter_context(simulation(ros_network, tmp_path, CART_POLE, name))
        remote = stack.enter_context(closing(make_remote("CartPole-v1", "/left", "/right", n=5)))
        assert assert_same_steps(remote, make_local("CartPole-v1", n=5), 100) > 10


def test_a_saved_state_is_continued(ros_network: RosNetwork, tmp_path: Path) -> None:
    with simulation(ros_network, tmp_path), closing(make_remote()) as remote:
        for actions in actions_for(remote, 5):
            remote.step(actions)
        state = remote.state_dict()
        [actions] = actions_for(remote, 1)
        expected = remote.step(actions)[0]
        remote.step(actions)
        remote.load_state_dict(state)
        np.testing.assert_array_equal(remote.step(actions)[0], expected)


def test_a_killed_simulation_is_picked_up_again(
    ros_network: RosNetwork, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(simulation(ros_network, tmp_path))
        remote = stack.enter_context(closing(make_remote(timeout=1.0, retries=0)))
        [actions] = actions_for(remote, 1)
        last = remote.step(actions)[0]
        first.send_signal(signal.SIGKILL)
        first.wait()
        stack.enter_context(simulation(ros_network, tmp_path))
        observations, rewards, terminated, truncated, infos = remote.step(actions)
        assert truncated.all()
        assert not terminated.any()
        assert not rewards.any()
        np.testing.assert_array_equal(infos["final_obs"], last)
        assert np.abs(observations - last).max() > 0.01
        assert "new ones begin" in caplog.text
        assert not remote.step(actions)[3].any()


def test_a_simulation_that_dies_too_often_ends_the_run(ros_network: RosNetwork, tmp_path: Path) -> None:
    with ExitStack() as stack:
        process = stack.enter_context(simulation(ros_network, tmp_path))
        remote = stack.enter_context(closing(make_remote(timeout=0.5, retries=1, max_restarts=0)))
        process.kill()
        process.wait()
        with pytest.raises(WorkerError, match=r"/simulation/step did not answer .*max_restarts"):
            remote.step(actions_for(remote, 1)[0])


def test_pictures_come_over_the_network(ros_network: RosNetwork, tmp_path: Path) -> None:
    ros = {"simulations": ["/simulation"]}
    environment = Environment.model_validate(
        {"id": "CartPole-v1", "backend": "ros", "n_environments": 1, "ros": ros}
    )
    with (
        simulation(ros_network, tmp_path, CART_POLE),
        closing(make_vector_env(environment, render=True)) as remote,
    ):
        (frame,) = remote.render()
        assert frame.shape == (400, 600, 3)
        assert len(np.unique(frame)) > 3


def test_a_missing_simulation_is_named(ros_network: RosNetwork) -> None:
    with pytest.raises(ConfigError, match=r"/simulation: no service 'open' after 0.5 s"):
        make_remote(startup_timeout=0.5)


def test_another_environment_is_refused(ros_network: RosNetwork, tmp_path: Path) -> None:
    with (
        simulation(ros_network, tmp_path, CART_POLE),
        pytest.raises(ConfigError, match=r"/simulation serves CartPole-v1"),
    ):
        make_remote()


def test_fewer_environments_than_simulations_are_in_the_first_ones(
    ros_network: RosNetwork, tmp_path: Path
) -> None:
    with simulation(ros_network, tmp_path, CART_POLE):
        remote = make_remote("CartPole-v1", "/simulation", "/absent", n=1)
        assert remote.reset(seed=0)[0].shape == (1, 4)
        remote.close()


def test_requests_that_would_spoil_a_simulation_are_refused(ros_network: RosNetwork, tmp_path: Path) -> None:
    with simulation(ros_network, tmp_path), closing(make_remote()) as remote:
        [actions] = actions_for(remote, 1)
        expected = make_local("HalfCheetah-v5", backend="mujoco").step(actions)[0]
        (batch,) = remote._batches  # type: ignore[attr-defined]
        bad = actions.copy()
        bad[2, 1] = np.nan
        with pytest.raises(SimulationError, match=r"actions of environment 2 are .*must be finite numbers"):
            batch.checked(remote._caller.call_one(batch.step_call(bad)), "step")  # type: ignore[attr-defined]
        old = batch.step_call(actions)
        np.testing.assert_array_equal(remote.step(actions)[0], expected)
        with pytest.raises(SimulationError, match="was already executed; use increasing numbers"):
            batch.checked(remote._caller.call_one(old), "step")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("nan", "/simulation: observations of environment 1 has NaN"),
        ("short", r"/simulation: observations has 15 values, expected 16 \(4, 4\)"),
        ("rewards", r"/simulation: rewards has 1 values, expected 4 \(4,\)"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(ros_network: RosNetwork, how: str, message: str) -> None:
    with (
        ros_network.script(Path(__file__).with_name("liar.py"), how),
        closing(make_remote("CartPole-v1")) as remote,
    ):
        [actions] = actions_for(remote, 1)
        remote.step(actions)
        with pytest.raises(MalformedReplyError, match=message):
            remote.step(actions)
