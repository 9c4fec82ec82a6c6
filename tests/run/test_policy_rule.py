"""A policy of an earlier run acts for agents that are not trained."""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.unity import Unity
from rl_pipeline.envs.unity.vector_env import MLAgentsVectorEnv
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.policy_rule import policy_rule
from rl_pipeline.run.trained_policy import open_policy

from .conftest import Train

PLAYER = str(Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64")
KEY = "environment.unity.other_behaviours.Rival.policy"
RESPONSE = 0.5
"""Share of the way to the commanded speed that a timestep of a tank makes."""


@pytest.fixture
def tank_run(train: Train, tmp_path: Path) -> RunFolder:
    """A run of a few timesteps with the player, with normalised observations."""
    return train(
        "ppo",
        "environment.backend=unity",
        f"environment.unity.build_path={PLAYER}",
        f"environment.unity.log_folder={tmp_path}",
        "environment.normalize.observation=true",
        "training.algorithm_parameters.n_steps=20",
        "training.algorithm_parameters.batch_size=20",
        "training.training.eval.num_evals=0",
        "evaluation.num_episodes=1",
        environment_id="Tank",
    )


@pytest.fixture
def tanks_and_rivals(tank_run: RunFolder, tmp_path: Path) -> Iterator[MLAgentsVectorEnv]:
    section = Unity(
        build_path=PLAYER,
        log_folder=str(tmp_path),
        arguments=["--scripted", "2"],
        trained_behaviour="Tank",
        other_behaviours={"Rival": {"policy": str(tank_run.model)}},
    )
    with closing(MLAgentsVectorEnv(section, 2)) as env:
        yield env


def test_the_other_behaviour_is_driven_by_the_policy_of_a_run(
    tanks_and_rivals: MLAgentsVectorEnv, tank_run: RunFolder
) -> None:
    rules = tanks_and_rivals._sessions[0]._others._rules
    rule, seen, done = rules["Rival"], [], []

    def watched(observations: list[np.ndarray], agents: list[int], ended: list[int]) -> np.ndarray:
        seen.append(observations[0].copy())
        done.append(rule(observations, agents, ended))
        return done[-1]

    rules["Rival"] = watched
    for _ in range(4):
        tanks_and_rivals.step(np.zeros((2, 2), np.float32))
    with open_policy(tank_run, choose_checkpoint(tank_run, "model")) as policy:
        for observations, actions in zip(seen, done, strict=True):
            normal = policy.env.normalize(observations)  # type: ignore[attr-defined]
            np.testing.assert_allclose(
                actions, policy.policy.model.predict(normal, deterministic=True)[0], rtol=1e-6
            )
    for before, actions, after in zip(seen, done, seen[1:], strict=False):
        speed = before[:, 3] + RESPONSE * (actions[:, 0] - before[:, 3])
        np.testing.assert_allclose(after[:, 3], speed, atol=1e-5)


def test_a_rule_leaves_the_random_numbers_of_the_training_alone(train: Train) -> None:
    make = policy_rule(str(train().path), KEY)
    random.seed(1)
    expected = random.Random(1).random()
    rule = make(spaces.Box(-1.0, 1.0, (3,), np.float32), spaces.Discrete(3))
    assert rule([np.zeros((4, 3), np.float32)], range(4), []).shape == (4, 1)
    assert random.random() == expected


def test_what_is_no_policy_or_does_not_fit_is_refused(train: Train, tmp_path: Path) -> None:
    run = train()
    with pytest.raises(ConfigError, match=rf"{KEY}.*no run 'none'"):
        policy_rule("none", KEY)
    lone = tmp_path / "lone.zip"
    lone.write_bytes(run.model.read_bytes())
    with pytest.raises(ConfigError, match="is not in a run's folder"):
        policy_rule(str(lone), KEY)
    with pytest.raises(ConfigError, match=f"{KEY}: does not fit the behaviour"):
        policy_rule(str(run.path), KEY)(spaces.Box(-1.0, 1.0, (7,), np.float32), spaces.Discrete(4))


def act_with(run: RunFolder, observations: np.ndarray) -> list[np.ndarray]:
    """Let the rule of a run act for two agents, of which the second starts a new episode every second timestep."""
    make = policy_rule(str(run.path), KEY)
    rule = make(spaces.Box(-1.0, 1.0, (3,), np.float32), spaces.Discrete(3))
    actions = []
    for timestep, rows in enumerate(observations):
        episode = timestep // 2
        agents, ended = [0, 1 + episode], [episode] if timestep and timestep % 2 == 0 else []
        actions.append(rule([rows], agents, ended))
    assert len(rule._memories) in (0, 2)
    return actions


@pytest.mark.parametrize(
    "arguments",
    [
        ("a2c", "environment.wrappers=[{frame_stack: {n_frames: 2}}, {action_history: {n_actions: 1}}]"),
        ("recurrent_ppo", "environment.normalize=true"),
    ],
)
def test_every_agent_has_a_memory_of_its_own(train: Train, arguments: tuple[str, ...]) -> None:
    run = train(*arguments)
    observations = np.random.default_rng(0).uniform(-1, 1, (6, 2, 3)).astype(np.float32)
    actions = act_with(run, observations)
    policy, memory = load_policy(choose_checkpoint(run).path), None
    for timestep, rows in enumerate(observations):
        starts = np.array([timestep == 0, timestep % 2 == 0])
        expected, memory = policy.act(rows, memory, starts)
        np.testing.assert_array_equal(actions[timestep][:, 0], expected)


def test_a_policy_behind_an_unknown_wrapper_is_refused(train: Train) -> None:
    run = train("a2c", f"environment.wrappers=['{Path(__file__).with_name('sample_envs.py')}:Halved']")
    with pytest.raises(ConfigError, match=r"trained with Halved.*policy_transform"):
        policy_rule(str(run.path), KEY)(spaces.Box(-1.0, 1.0, (3,), np.float32), spaces.Discrete(3))


def test_a_run_of_an_older_version_acts(tmp_path: Path) -> None:
    old = RunFolder(shutil.copytree(Path(__file__).parents[1] / "data" / "run_of_0.1.0", tmp_path / "run"))
    high = np.array([1.0, 1.0, 8.0], np.float32)
    rule = policy_rule(str(old.path), KEY)(spaces.Box(-high, high), spaces.Box(-2.0, 2.0, (1,), np.float32))
    observations = np.random.default_rng(0).uniform(-high, high, (5, 3)).astype(np.float32)
    with open_policy(old, choose_checkpoint(old)) as trained:
        seen = trained.env.normalize(observations)  # type: ignore[attr-defined]
        expected, _ = trained.policy.act(seen, None, np.ones(5, bool))
    np.testing.assert_array_equal(rule([observations], range(5), []), expected)
