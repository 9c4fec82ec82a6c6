"""The Fetch tasks against gymnasium-robotics' environments of the same names, under the same seeds and actions."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from rl_pipeline.envs.gymnasium.make import EnvMaker
from rl_pipeline.envs.mujoco.registry import TASKS
from tests.envs.mujoco.batches import make_batch

IDS = sorted(name for name in TASKS if name.startswith("Fetch"))
SEED = 11
EPISODE = 50


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=what)


def assert_observations_close(ours: dict[str, np.ndarray], theirs: list[dict[str, Any]], what: str) -> None:
    for key, array in ours.items():
        assert_close(array, [observation[key] for observation in theirs], f"{key} {what}")


def assert_states_close(batch: Any, reference: list[gymnasium.Env], step: int) -> None:
    data = [env.unwrapped.data for env in reference]  # type: ignore[attr-defined]
    for name in ("time", "qpos", "qvel", "ctrl", "qacc_warmstart"):
        assert_close(getattr(batch.simulations, name), [getattr(one, name) for one in data], f"{name} {step}")
    for name in ("mocap_pos", "mocap_quat"):  # the batch has the goal as a second mocap body
        assert_close(getattr(batch.simulations, name)[:, :1], [getattr(one, name) for one in data], name)


@pytest.mark.parametrize("environment_id", IDS)
def test_equal_to_gymnasium_robotics(environment_id: str) -> None:
    reference = [EnvMaker(environment_id, {})() for _ in range(2)]
    batch = make_batch(environment_id, 2)
    assert batch.single_action_space == reference[0].action_space
    assert batch.single_observation_space == reference[0].observation_space
    assert batch.metadata["render_fps"] == reference[0].metadata["render_fps"]
    observations, infos = batch.reset(seed=SEED)
    started = [env.reset(seed=SEED + i) for i, env in enumerate(reference)]
    assert_observations_close(observations, [observation for observation, _ in started], "at the start")
    assert infos == started[0][1]
    rng = np.random.default_rng(SEED)
    for step in range(2 * EPISODE + 5):
        actions = rng.uniform(-1.5, 1.5, (2, 4)).astype(np.float32)
        if step % 20 < 10:
            actions[:] = 0.0, 0.0, -1.0, 1.0 - 2.0 * (step % 20 > 5)  # to the table
        results = [env.step(action) for env, action in zip(reference, actions, strict=True)]
        last, rewards, terminated, truncated, their_infos = map(list, zip(*results, strict=True))
        assert_states_close_before_autoreset = not any(truncated)
        observations, our_rewards, our_terminated, our_truncated, infos = batch.step(actions)
        assert_close(our_rewards, rewards, f"reward of step {step}")
        assert our_terminated.tolist() == terminated
        assert our_truncated.tolist() == truncated
        assert_close(infos["is_success"], [info["is_success"] for info in their_infos], "is_success")
        if any(truncated):
            assert_observations_close(infos["final_obs"], last, f"after step {step}")
            last = [env.reset()[0] for env in reference]
        assert_observations_close(observations, last, f"after step {step}")
        assert_states_close(batch, reference, step)
