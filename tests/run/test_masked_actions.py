"""MaskablePPO with a player that dies when an agent makes a choice that is forbidden to it."""

from pathlib import Path

import pytest

from rl_pipeline.envs.unity.behaviour import Behaviour

from .conftest import Train

PLAYER = str(Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64")


def train_in_player(train: Train, logs: Path, stagger: int) -> None:
    run = train(
        "maskableppo",
        "environment.backend=unity",
        f"environment.unity.build_path={PLAYER}",
        f"environment.unity.arguments=[--discrete, --stagger, '{stagger}']",
        f"environment.unity.log_folder={logs}",
        "environment.unity.max_restarts=0",
        "training.algorithm_parameters.n_steps=160",
        "training.algorithm_parameters.batch_size=40",
        "training.training.total_timesteps=320",
        "training.training.eval.num_evals=0",
        environment_id="Tank",
    )
    assert (run.path / "eval.json").is_file()


def test_masks_reach_the_policy_in_training_and_evaluation(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Behaviour, "_allowed", lambda self, choices, forbidden: choices)
    train_in_player(train, tmp_path, stagger=0)


def test_an_action_that_is_repeated_while_others_are_waited_for_is_never_forbidden(
    train: Train, tmp_path: Path
) -> None:
    train_in_player(train, tmp_path, stagger=2)
