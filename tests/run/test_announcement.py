"""What is shown before a training starts, and the warning about a training that is longer than what was asked for."""

import logging

import pytest

from rl_pipeline.config.backend import Traits
from rl_pipeline.run.announcement import limits
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.plan import plan_resume
from rl_pipeline.run.train import run_plan

from .conftest import Train

SMALL_REPLAY = "training.algorithm_parameters={buffer_size: 200, learning_starts: 10, train_freq: 16}"
TOTAL = "training.training.total_timesteps"
SHOWN = "training.training.verbose=1"


def rows(text: str) -> dict[str, str]:
    """Read the announcement from the output of a training, or from its `log.txt`."""
    names = (
        "environment",
        "observations",
        "actions",
        "algorithm",
        "networks",
        "device",
        "timesteps",
        "results",
    )
    lines = [line.partition("rl_pipeline.run.train: ")[2] or line for line in text.splitlines()]
    return {line[:14].strip(): line[14:] for line in lines if line[:14].strip() in names}


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "are requested" in record.getMessage()]


def test_a_training_shows_what_it_trains(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train("ppo", SHOWN, "training.algorithm_parameters={n_steps: 16, batch_size: 32}")
    output = capsys.readouterr().out
    shown = rows(output)
    assert list(shown) == [line[:14].strip() for line in output.splitlines()[:8]]
    assert shown["environment"] == "code/sample_envs.py:SampleEnv (backend gymnasium), 2 environments"
    assert shown["observations"] == "Box(3,) float32, -1 to 1"
    assert shown["actions"] == "Discrete(3)"
    assert shown["algorithm"] == "PPO (engine fast), seed 0"
    n_parameters = 2 * (3 * 8 + 8) + (8 * 3 + 3) + (8 * 1 + 1)
    widths = "mlp_extractor 2 x 3-8, action_net 8-3, value_net 8-1"
    assert shown["networks"] == f"{widths}; {n_parameters} parameters"
    assert shown["device"] == "cpu, 1 thread"
    assert shown["timesteps"] == (
        "96 (80 requested) after 3 iterations of n_steps x n_environments = 16 x 2 = 32"
    )
    assert shown["results"] == str(run.path)
    assert rows((run.path / "log.txt").read_text()) == shown


def test_limits_of_the_backend_are_shown() -> None:
    assert limits(Traits(renders=True, exact_state=True)) == {}
    assert list(limits(Traits(renders=True, exact_state=False))) == ["resuming"]
    every = Traits(renders=False, exact_state=False, real_time=True, started_by_hand=True)
    assert list(limits(every)) == ["evaluation", "time", "resuming"]


def test_a_quiet_training_shows_it_in_its_log_alone(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train("a2c", "environment.normalize=true", "environment.kwargs={observation: dict, action: box}")
    assert rows(capsys.readouterr().out) == {}
    logged = rows((run.path / "log.txt").read_text())
    assert logged["observations"] == (
        "camera: Box(36, 36, 3) uint8, 0 to 255, joints: Box(3,) float32, -10 to 10; "
        "normalised: observations and rewards"
    )
    assert logged["timesteps"] == "80 after 8 iterations of n_steps x n_environments = 5 x 2 = 10"


def test_target_networks_are_not_counted(train: Train) -> None:
    run = train("sac", SMALL_REPLAY, "environment.kwargs={action: box}")
    networks = rows((run.path / "log.txt").read_text())["networks"]
    assert networks == "actor 3-8, 2 x 8-2, critic 2 x 5-8-1; 182 parameters"


@pytest.mark.parametrize(
    ("algorithm", "overrides", "rollout", "end"),
    [
        ("a2c", ["training.algorithm_parameters.n_steps=30"], "n_steps x n_environments = 30 x 2 = 60", 120),
        (
            "sac",
            [SMALL_REPLAY, "environment.kwargs={action: box}"],
            "train_freq x n_environments = 16 x 2 = 32",
            96,
        ),
    ],
)
def test_a_training_that_is_longer_than_asked_for_is_warned_about_and_resumed(
    algorithm: str,
    overrides: list[str],
    rollout: str,
    end: int,
    train: Train,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def message(asked: int, trained: int) -> str:
        return (
            f"{asked} timesteps are requested, but {trained} will be trained, "
            f"in whole iterations of {rollout} timesteps"
        )

    with caplog.at_level(logging.WARNING):
        run = train(algorithm, *overrides)
        assert warned(caplog) == [message(80, end)]
        assert read_metadata(run)["timestep"] == end
        caplog.clear()
        longer = 2 * end - 20
        assert resumed(run, longer) == 2 * end
        assert warned(caplog) == [message(longer, 2 * end)]
        caplog.clear()
        assert resumed(run, 3 * end) == 3 * end
        assert warned(caplog) == []


def resumed(run: RunFolder, total_timesteps: int) -> int:
    return run_plan(plan_resume(str(run.path), [f"{TOTAL}={total_timesteps}"]))[1].timestep


@pytest.mark.parametrize(
    ("algorithm", "overrides", "text"),
    [
        (
            "ars",
            ["training.algorithm_parameters.n_delta=2", "training.architecture={}"],
            "at least 80, in iterations of 2 x n_delta x n_eval_episodes = 2 x 2 x 1 episodes",
        ),
        (
            "dqn",
            [
                "training.algorithm_parameters={buffer_size: 200, train_freq: [1, episode]}",
                "environment.n_environments=1",
            ],
            "at least 80, in iterations of train_freq = 1 episode",
        ),
    ],
)
def test_iterations_of_whole_episodes_have_no_known_end(
    algorithm: str, overrides: list[str], text: str, train: Train, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        run = train(algorithm, *overrides)
    assert rows((run.path / "log.txt").read_text())["timesteps"] == text
    assert warned(caplog) == []
