"""The vector environment against the player, as against a Unity build."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.unity import Unity
from rl_pipeline.envs.unity.errors import UnityMessageError
from rl_pipeline.envs.unity.vector_env import MLAgentsVectorEnv
from rl_pipeline.envs.unity_process import UnityProcessError

PLAYER = str(Path(__file__).parents[3] / "unity_build" / "player" / "tank.x86_64")
Make = Callable[..., MLAgentsVectorEnv]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[MLAgentsVectorEnv] = []

    def start(n: int, *arguments: str, **settings: Any) -> MLAgentsVectorEnv:
        section = Unity(
            build_path=PLAYER, log_folder=str(tmp_path), arguments=[str(a) for a in arguments], **settings
        )
        made.append(MLAgentsVectorEnv(section, n))
        return made[-1]

    yield start
    for env in made:
        env.close()


def drive(seen: np.ndarray) -> np.ndarray:
    return np.stack([np.clip(seen[:, 0], 0, 1), np.clip(2 * seen[:, 1], -1, 1)], axis=1).astype(np.float32)


def test_agents_of_two_processes_reach_their_targets(make: Make) -> None:
    env = make(5, n_instances=2, terminated_is_success=True)
    seen, _ = env.reset(seed=1)
    assert seen.shape == (5, 5)
    ends, statistics = np.zeros(5), set()
    for _ in range(120):
        seen, rewards, terminated, truncated, infos = env.step(drive(seen))
        ends += terminated
        assert not truncated.any()
        if terminated.any():
            assert (infos["final_obs"][terminated, 2] < 0.1).all()
            assert (rewards[terminated] > 0.9).all()
            assert (infos["is_success"][infos["_is_success"]] == 1).all()
            assert (seen[terminated, 2] > 0.1).all()
        statistics |= {key for key in infos if key == "success_rate"}
    assert (ends > 0).all()
    assert statistics


def test_a_limit_of_time_truncates(make: Make) -> None:
    env = make(2)
    env.reset(seed=0)
    results = [env.step(np.zeros((2, 2), np.float32)) for _ in range(150)]
    assert results[-1][3].all()
    assert not any(result[3].any() for result in results[:-1])
    assert not results[-1][2].any()


def test_the_same_seed_gives_the_same_episodes(make: Make) -> None:
    env = make(2)
    first, again = env.reset(seed=4)[0], env.reset(seed=4)[0]
    assert first == pytest.approx(again)
    assert env.reset(seed=5)[0] != pytest.approx(again)


def test_agents_that_are_late_for_their_next_episode_are_waited_for(make: Make) -> None:
    env, late = make(3), make(3, "--stagger", "3")
    seen, seen_late = env.reset(seed=2)[0], late.reset(seed=2)[0]
    for _ in range(60):
        seen, _, terminated, _, _ = env.step(drive(seen))
        seen_late, _, terminated_late, _, infos = late.step(drive(seen_late))
        assert (terminated_late == terminated).all()
        if terminated.any():
            assert np.isfinite(infos["final_obs"][terminated]).all()
            break
    else:
        pytest.fail("no episode ended")


def test_agents_beyond_the_environments_stand_still(make: Make) -> None:
    env = make(2, "--agents", "4")
    seen, _ = env.reset(seed=1)
    for _ in range(5):
        seen = env.step(drive(seen))[0]
    assert (seen[:, 3] > 0).any()


def test_a_killed_process_is_replaced_and_its_episodes_truncated(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    env = make(4, n_instances=2)
    seen, _ = env.reset(seed=1)
    seen = env.step(drive(seen))[0]
    killed = env.process_ids()[0]
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    with caplog.at_level(logging.WARNING):
        after, rewards, terminated, truncated, infos = env.step(drive(seen))
    assert truncated.tolist() == [True, True, False, False]
    assert not terminated.any()
    assert not rewards[:2].any()
    assert infos["final_obs"][:2] == pytest.approx(seen[:2])
    assert "ended with status -9" in caplog.text
    assert env.process_ids()[0] != killed
    assert not env.step(drive(after))[3].any()


def test_too_many_crashes_end_the_run_with_the_log(make: Make) -> None:
    env = make(1, "--crash-at", "2", max_restarts=1)
    seen, _ = env.reset(seed=1)
    actions = drive(seen)
    env.step(actions)
    env.step(actions)  # the first crash
    env.step(actions)
    with pytest.raises(UnityProcessError, match=r"(?s)told to.*max_restarts"):
        env.step(actions)


def test_a_stalled_process_is_given_up(make: Make) -> None:
    env = make(1, "--stall-at", "1", max_restarts=0, timeout=4.0)
    seen, _ = env.reset(seed=1)
    with pytest.raises(UnityProcessError, match="did not answer"):
        env.step(drive(seen))


def test_nan_is_named_with_its_agent(make: Make) -> None:
    env = make(1, "--nan-at", "1")
    seen, _ = env.reset(seed=1)
    with pytest.raises(
        UnityMessageError,
        match=r"tank.x86_64 sent a message that .* observation 0 of agent \d+ of behaviour Tank",
    ):
        env.step(drive(seen))


def test_late_answers_are_waited_for(make: Make) -> None:
    env = make(1, "--late", "0.3")
    seen, _ = env.reset(seed=1)
    assert env.step(drive(seen))[0].shape == (1, 5)


def test_another_version_is_refused(make: Make) -> None:
    with pytest.raises(UnityProcessError, match=r"version 2\.0\.0"):
        make(1, "--version", "2.0.0")


def test_a_missing_build_offers_the_player(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tank\.x86_64"):
        MLAgentsVectorEnv(Unity(build_path=str(tmp_path / "none.x86_64")), 1)


def test_one_of_several_behaviours_is_trained_the_other_follows_a_rule(make: Make, tmp_path: Path) -> None:
    rule = tmp_path / "rival.py"
    rule.write_text(
        "import numpy as np\n\ndef act(observations):\n    return np.ones((len(observations[0]), 2))\n"
    )
    with pytest.raises(ConfigError, match="several behaviours"):
        make(2, "--scripted", "2")
    env = make(2, "--scripted", "2", trained_behaviour="Tank", other_behaviours={"Rival": f"{rule}:act"})
    seen, _ = env.reset(seed=1)
    assert env.step(drive(seen))[0].shape == (2, 5)


def test_a_curriculum_changes_the_scene(make: Make) -> None:
    env = make(8, parameters={"target_range": {"curriculum": [[0, 1.5], [8, 50.0]]}})
    near = env.reset(seed=1)[0]
    assert (near[:, 2] < 0.5).all()
    for _ in range(2):
        env.step(np.zeros((8, 2), np.float32))
    assert (env.reset(seed=1)[0][:, 2] > 0.5).any()


def test_a_restored_environment_reports_its_episodes_as_truncated(make: Make) -> None:
    env = make(2)
    seen, _ = env.reset(seed=1)
    state = env.state_dict()
    with pytest.warns(RuntimeWarning, match="new episodes"):
        env.load_state_dict(state)
    _, rewards, _, truncated, infos = env.step(drive(seen))
    assert truncated.all()
    assert not rewards.any()
    assert infos["final_obs"] == pytest.approx(seen)
