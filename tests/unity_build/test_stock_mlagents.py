"""Unity's own Python end accepts the player."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.envs.unity import messages
from rl_pipeline.envs.unity_process import free_port

PLAYER = Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64"


def test_the_player_plays_with_the_genuine_unity_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    messages.load()
    from mlagents_envs.base_env import ActionTuple
    from mlagents_envs.environment import UnityEnvironment

    env = UnityEnvironment(
        str(PLAYER), base_port=free_port(), no_graphics=True, additional_args=["--agents", "3"], seed=7
    )
    try:
        env.reset()
        [name] = list(env.behavior_specs)
        assert env.behavior_specs[name].action_spec.continuous_size == 2
        n_ended = 0
        for _ in range(100):
            decisions, terminals = env.get_steps(name)
            n_ended += len(terminals)
            seen = decisions.obs[0]
            actions = np.stack([np.clip(seen[:, 0], 0, 1), np.clip(2 * seen[:, 1], -1, 1)], axis=1)
            env.set_actions(name, ActionTuple(continuous=actions))
            env.step()
        assert n_ended > 3
    finally:
        env.close()
