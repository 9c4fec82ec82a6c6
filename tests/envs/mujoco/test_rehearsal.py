from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.task import Batch, Task
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

BALL = "<mujoco><worldbody><body><freejoint/><geom size='0.1'/></body></worldbody></mujoco>"


class Ball(Task):
    model = mujoco.MjSpec.from_string(BALL)

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        return batch.qpos

    def reward(self, batch: Batch, action: NDArray[Any]) -> NDArray[np.float64]:
        return batch.qpos[:, 2]


class OneReward(Ball):
    def reward(self, batch: Batch, action: NDArray[Any]) -> NDArray[np.float64]:
        return batch.qpos[:, :1]


class MeanReward(Ball):
    def reward(self, batch: Batch, action: NDArray[Any]) -> Any:
        return float(batch.qpos.mean())


class NumericEnd(Ball):
    def terminated(self, batch: Batch) -> Any:
        return batch.qpos[:, 2]


class TransposedObservation(Ball):
    def observe(self, batch: Batch) -> NDArray[np.float64]:
        return batch.qpos.T


class ShortMetric(Ball):
    def metrics(self, batch: Batch) -> dict[str, NDArray[Any]]:
        return {"height": batch.qpos[:1, 2]}


def test_a_view_of_the_simulation_may_be_observed() -> None:
    batch = MujocoVectorEnv(Ball(), 2)
    first, _ = batch.reset(seed=0)
    kept = first.copy()
    batch.step(np.zeros((2, 0)))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (OneReward, r"reward\(\) of the task returned shape \(3, 1\), expected \(3,\)"),
        (MeanReward, r"reward\(\) of the task must return numbers in a NumPy array"),
        (NumericEnd, r"terminated\(\) of the task must return"),
        (TransposedObservation, r"observe\(\) of the task returned shape \(7, 3\), expected \(3, ...\)"),
        (ShortMetric, r"metrics\(\)\['height'\] of the task returned shape \(1,\)"),
    ],
)
def test_wrong_results_are_refused_before_the_first_step(task: type[Task], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MujocoVectorEnv(task(), 3)


def test_what_a_task_must_define_is_named() -> None:
    class Nothing(Task):
        model = mujoco.MjSpec.from_string(BALL)

    with pytest.raises(NotImplementedError, match=r"Nothing must define reward\(batch, action\)"):
        MujocoVectorEnv(Nothing(), 1)


def test_contact_forces_of_a_compiled_model_are_refused() -> None:
    class Compiled(Ball):
        model = mujoco.MjModel.from_xml_string(BALL)
        contact_forces = True

    with pytest.raises(ValueError, match="MJCF file or an MjSpec"):
        MujocoVectorEnv(Compiled(), 1)


def test_a_spec_serves_many_batches() -> None:
    class Felt(Ball):
        contact_forces = True

    for _ in range(2):
        assert MujocoVectorEnv(Felt(), 1).model.nplugin == 1
