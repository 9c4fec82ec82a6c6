from pathlib import Path

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium_robotics.utils import mujoco_utils

from rl_pipeline.envs.gymnasium import robotics_constants
from rl_pipeline.envs.gymnasium.make import EnvMaker
from rl_pipeline.envs.gymnasium.robotics_constants import use_integer_constants
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv

ENVIRONMENTS = (
    "FetchReach-v4",
    "FetchPickAndPlace-v4",
    "HandReach-v3",
    "HandManipulateBlock-v1",
    "FrankaKitchen-v1",
    "PointMaze_UMaze-v3",
)
OWN_CLASS = """
from gymnasium_robotics.envs.fetch.reach import MujocoFetchReachEnv

class OwnReach(MujocoFetchReachEnv):
    pass
"""


@pytest.fixture
def unchanged_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """gymnasium-robotics as it is installed, whatever an earlier test has made."""
    monkeypatch.setattr(mujoco_utils, "mujoco", mujoco)


def step(env: gymnasium.Env) -> None:
    env.action_space.seed(0)
    first, _ = env.reset(seed=0)
    for _ in range(3):
        last, reward, *_ = env.step(env.action_space.sample())
    assert np.isfinite(reward)
    assert (last["observation"] != first["observation"]).any()
    env.close()


@pytest.mark.usefixtures("unchanged_module")
@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_environments_of_gymnasium_robotics_are_made_and_stepped(environment_id: str) -> None:
    step(EnvMaker(environment_id, {})())


@pytest.mark.usefixtures("unchanged_module")
def test_a_class_derived_from_one_of_them_is_made_and_stepped(tmp_path: Path) -> None:
    file = tmp_path / "own_reach.py"
    file.write_text(OWN_CLASS)
    step(EnvMaker(f"{file}:OwnReach", {})())


def test_they_step_in_a_worker_process() -> None:
    env = WorkerVectorEnv([EnvMaker("FetchReach-v4", {})], 1)
    env.reset(seed=0)
    env.step(np.ones((1, 4), np.float32))
    env.close()


@pytest.mark.usefixtures("unchanged_module")
def test_a_mocap_body_is_recognized_by_its_weld() -> None:
    env = EnvMaker("FetchReach-v4", {})().unwrapped
    env.reset(seed=0)
    env.data.mocap_pos[0] += 0.5
    mujoco_utils.reset_mocap2body_xpos(env.model, env.data)
    np.testing.assert_array_equal(env.data.mocap_pos[0], env.data.body("robot0:gripper_link").xpos)
    env.close()


@pytest.mark.usefixtures("unchanged_module")
def test_the_installed_version_needs_the_constants() -> None:
    """When this fails, gymnasium-robotics runs without them: remove robotics_constants.py."""
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><joint name='hinge'/><geom size='1'/></body></worldbody></mujoco>"
    )
    data = mujoco.MjData(model)
    with pytest.raises(AssertionError):
        mujoco_utils.get_joint_qpos(model, data, "hinge")
    use_integer_constants()
    assert mujoco_utils.get_joint_qpos(model, data, "hinge") == 0


@pytest.mark.usefixtures("unchanged_module")
def test_another_version_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robotics_constants, "version", lambda package: "1.4.3")
    use_integer_constants()
    assert mujoco_utils.mujoco is mujoco
