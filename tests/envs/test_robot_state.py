import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.robot_state import RobotReader, find_robot


def reader(environment_id: str, backend: str) -> RobotReader:
    section = Environment.model_validate({"id": environment_id, "backend": backend})
    robot = find_robot(make_vector_env(section))
    assert robot is not None
    return robot


@pytest.mark.parametrize("backend", ["gymnasium", "mujoco"])
@pytest.mark.parametrize(
    ("environment_id", "n_joints", "root_moves"),
    [("Ant-v5", 8, True), ("HalfCheetah-v5", 6, True), ("InvertedPendulum-v5", 2, False)],
)
def test_joints_of_a_moving_root_are_told_from_those_with_a_motor(
    backend: str, environment_id: str, n_joints: int, root_moves: bool
) -> None:
    robot = reader(environment_id, backend)
    assert len(robot.joint_names) == n_joints
    assert robot.root_moves is root_moves
    assert [len(values) for values in robot.joints()] == [n_joints] * 3
