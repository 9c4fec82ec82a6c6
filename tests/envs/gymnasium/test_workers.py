import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import numpy as np
import psutil
import pytest

from rl_pipeline.envs.errors import WorkerAttributeError, WorkerError
from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.envs.gymnasium.workers import STEP, WorkerVectorEnv
from tests.envs.sample_envs import CountingEnv, DictEnv, TroublesomeEnv
from tests.envs.trajectories import assert_equal, play

MakeWorkers = Callable[..., WorkerVectorEnv]


@pytest.fixture
def make() -> Iterator[MakeWorkers]:
    made: list[WorkerVectorEnv] = []

    def make_workers(
        env_fn: Callable[[], gymnasium.Env], n: int, n_workers: int, **kwargs: Any
    ) -> WorkerVectorEnv:
        made.append(WorkerVectorEnv([env_fn] * n, n_workers, **kwargs))
        return made[-1]

    yield make_workers
    for env in made:
        env.close()


@pytest.mark.parametrize(
    ("env_fn", "n_workers"),
    [
        (lambda: gymnasium.make("CartPole-v1"), 1),
        (lambda: gymnasium.make("Hopper-v5", max_episode_steps=20), 2),
        (DictEnv, 3),
    ],
)
def test_trajectories_are_those_in_process(env_fn: Any, n_workers: int, make: MakeWorkers) -> None:
    here, there = InProcessVectorEnv([env_fn] * 5), make(env_fn, 5, n_workers)
    assert_equal(here.reset(seed=3), there.reset(seed=3))
    assert_equal(play(here, 50), play(there, 50))
    mask = np.array([True, False, False, True, False])
    assert_equal(*(env.reset(seed=7, options={"reset_mask": mask}) for env in (here, there)))
    assert_equal(play(here, 5), play(there, 5))


def test_a_state_passes_between_workers_and_this_process(make: MakeWorkers) -> None:
    def env_fn() -> gymnasium.Env:
        return gymnasium.make("Pendulum-v1", max_episode_steps=15)

    here, two, three = InProcessVectorEnv([env_fn] * 3), make(env_fn, 3, 2), make(env_fn, 3, 3)
    two.reset(seed=4)
    play(two, 20)
    state = two.state_dict()
    assert state["exact"]
    here.load_state_dict(state)
    three.load_state_dict(here.state_dict())
    expected = play(two, 30, seed=8)
    assert_equal(play(here, 30, seed=8), expected)
    assert_equal(play(three, 30, seed=8), expected)


def test_call_set_attr_and_environments_of_each_worker(make: MakeWorkers) -> None:
    env = make(CountingEnv, 5, 2)
    env.reset(seed=0)
    assert env.call("add", 2, factor=10) == (20,) * 5
    env.set_attr("length", [1, 2, 3, 4, 5])
    assert env.call_on([4, 0, 2], "length") == [5, 1, 3]
    processes = env.call("process_id")
    assert os.getpid() not in processes
    assert [processes.count(process) for process in dict.fromkeys(processes)] == [2, 3]
    with pytest.raises(WorkerAttributeError, match="environment 0 of CountingEnv"):
        env.call("legs")
    assert env.render() == (None,)


def test_workers_do_not_load_the_learner(make: MakeWorkers) -> None:
    (modules,) = make(CountingEnv, 1, 1).call("loaded_modules")
    assert not {"torch", "stable_baselines3", "matplotlib", "wandb"} & set(modules)


def test_an_exception_names_environment_and_place(make: MakeWorkers) -> None:
    env = make(lambda: TroublesomeEnv("raise"), 4, 2)
    env.reset(seed=0)
    with pytest.raises(WorkerError, match=r"environment 2 of TroublesomeEnv \(worker 1\)") as caught:
        env.step([0, 0, 2, 0])
    assert caught.value.environment == 2
    assert "ValueError: the arm is broken" in str(caught.value)
    assert "sample_envs.py" in str(caught.value)
    env.reset(seed=0)  # the conversation with the workers continues
    env.step([0, 0, 0, 0])


def test_an_environment_that_cannot_be_made(make: MakeWorkers) -> None:
    with pytest.raises(WorkerError, match=r"environment 0 .*needs a file"):
        make(_unmakeable, 2, 2)
    assert not psutil.Process().children()


def _unmakeable() -> gymnasium.Env:
    raise OSError("needs a file")


@pytest.mark.parametrize(
    ("trouble", "ending"), [("kill", "was killed by SIGKILL"), ("exit", "ended with exit status 3")]
)
def test_a_worker_that_dies_in_a_step_is_restarted(trouble: str, ending: str, make: MakeWorkers) -> None:
    env = make(lambda: TroublesomeEnv(trouble), 5, 2)
    env.reset(seed=7)
    before, *_ = env.step([1] * 5)
    with pytest.warns(RuntimeWarning, match=rf"worker 1 \(environments 2-4 of TroublesomeEnv\) {ending}"):
        after, rewards, terminated, truncated, infos = env.step([1, 1, 1, 2, 1])
    assert truncated.tolist() == [False, False, True, True, True]
    assert not terminated.any()
    assert rewards.tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    np.testing.assert_array_equal(infos["final_obs"][2:], before[2:])
    np.testing.assert_array_equal(after[:2], before[:2] + 1)
    assert infos["_elapsed"].tolist() == [True, True, False, False, False]
    now, *_ = env.step([1] * 5)
    np.testing.assert_array_equal(now, after + 1)


def test_new_episodes_after_a_restart_follow_from_the_seed(make: MakeWorkers) -> None:
    def restarted() -> np.ndarray:
        env = make(lambda: TroublesomeEnv("kill"), 2, 1)
        env.reset(seed=7)
        with pytest.warns(RuntimeWarning, match="restart 1 of 3"):
            observations, *_ = env.step([2, 0])
        return observations

    first = restarted()
    np.testing.assert_array_equal(first, restarted())
    assert first[0, 0] != first[1, 0]


def test_a_worker_that_is_killed_between_steps_is_restarted_and_its_episodes_end(make: MakeWorkers) -> None:
    env = make(CountingEnv, 2, 2)
    env.reset(seed=0)
    before, *_ = env.step([1, 1])
    _kill(env.call("process_id")[0])
    with pytest.warns(
        RuntimeWarning, match=r"worker 0 \(environment 0 of CountingEnv\) was killed by SIGKILL"
    ):
        assert env.call("elapsed") == (0, 1)
    after, _, _, truncated, infos = env.step([1, 1])
    assert truncated.tolist() == [True, False]
    np.testing.assert_array_equal(infos["final_obs"][0], before[0])
    assert env.call("elapsed") == (0, 2)
    assert after[0, 0] == env.call("start")[0]


def _kill(process_id: int) -> None:
    process = psutil.Process(process_id)
    process.kill()
    deadline = time.monotonic() + 300
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_too_many_deaths_are_an_error(make: MakeWorkers) -> None:
    env = make(lambda: TroublesomeEnv("kill"), 1, 1, max_restarts=1)
    env.reset(seed=0)
    with pytest.warns(RuntimeWarning, match="restart 1 of 1"):
        env.step([2])
    with pytest.raises(
        WorkerError, match=r"worker 0 .* was killed by SIGKILL; workers were restarted 1 times"
    ):
        env.step([2])


def test_signals_to_the_whole_process_group_do_not_stop_a_worker(make: MakeWorkers) -> None:
    env = make(CountingEnv, 1, 1)
    (process_id,) = env.call("process_id")
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(process_id, number)
    assert env.call("process_id") == (process_id,)


def test_close_ends_the_processes_and_can_be_repeated(make: MakeWorkers) -> None:
    env = make(CountingEnv, 2, 2)
    processes = [psutil.Process(process_id) for process_id in env.call("process_id")]
    env.close()
    env.close()
    assert not any(process.is_running() for process in processes)
    with pytest.raises(WorkerError, match="closed"):
        env.step([0, 0])


def test_close_kills_an_environment_that_hangs(make: MakeWorkers) -> None:
    env = make(lambda: TroublesomeEnv("hang"), 1, 1, close_timeout=0.2)
    env.reset(seed=0)
    (process_id,) = env.call("process_id")
    worker = env._pool.workers[0]
    env._buffers.actions[...] = 2
    worker.send(STEP)
    env.close()
    assert not psutil.pid_exists(process_id)


def test_a_reply_that_nobody_waited_for_is_not_taken_for_the_next(make: MakeWorkers) -> None:
    env = make(CountingEnv, 1, 1)
    env.reset(seed=0)
    worker = env._pool.workers[0]
    worker.send(pickle.dumps(("call", ([0], "length", (), {}))))
    assert env.call("elapsed") == (0,)


def test_an_invalid_number_of_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="n_workers is 3; it must be from 1 to 2"):
        WorkerVectorEnv([CountingEnv] * 2, 3)
