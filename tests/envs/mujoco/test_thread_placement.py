import os

import pytest

from rl_pipeline.envs.mujoco.registry import task_class
from rl_pipeline.envs.mujoco.thread_placement import THREADS, available_cores
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads are placed on Linux")


def cores_of_new_threads(num_threads: int) -> list[set[int]]:
    """The cores on which the threads of a new batch may run."""
    before = set(THREADS.iterdir())
    env = MujocoVectorEnv(task_class("InvertedPendulum-v5")(), 4, num_threads=num_threads)
    cores = [os.sched_getaffinity(int(thread.name)) for thread in set(THREADS.iterdir()) - before]
    env.close()
    return cores


def test_as_many_threads_as_cores_have_a_core_each() -> None:
    cores = cores_of_new_threads(available_cores())
    assert all(len(allowed) == 1 for allowed in cores)
    assert set.union(*cores) == os.sched_getaffinity(0)


def test_other_numbers_of_threads_stay_free_and_this_one_too() -> None:
    mine = os.sched_getaffinity(0)
    assert all(allowed == mine for allowed in cores_of_new_threads(available_cores() + 1))
    assert os.sched_getaffinity(0) == mine
