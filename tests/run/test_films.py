from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.films import RECORDED_TIMESTEPS, episode_frames, film_episodes, film_learning
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.trained_policy import open_policy

from .conftest import sample_env

Train = Callable[..., RunFolder]


def frames_in(film: Path) -> int:
    return imageio_ffmpeg.count_frames_and_secs(film)[0]


@pytest.mark.parametrize("length", [1, 7, 30])
def test_a_film_has_a_frame_for_every_timestep(length: int, train: Train, tmp_path: Path) -> None:
    run = train("a2c", f"environment.kwargs={{length: {length}}}", "training.training.total_timesteps=10")
    film = tmp_path / "films" / "episode.mp4"
    assert film_episodes(run, choose_checkpoint(run), film, seed=0) == length
    assert frames_in(film) == length
    assert film_episodes(run, choose_checkpoint(run), film, seed=0, n_episodes=3) == 3 * length
    assert imageio_ffmpeg.count_frames_and_secs(film)[1] == pytest.approx(3 * length / 20, abs=0.03)


def test_a_film_of_cartpole_is_as_long_as_the_episode(train: Train, tmp_path: Path) -> None:
    run = train(environment_id="CartPole-v1")
    checkpoint = choose_checkpoint(run)
    with open_policy(run, checkpoint, render_mode="rgb_array") as policy:
        frames = list(episode_frames(policy.policy, policy.env, seed=4))
    film = tmp_path / "episode.mp4"
    assert film_episodes(run, checkpoint, film, seed=4) == len(frames) == frames_in(film)
    assert frames[0].shape == (400, 600, 3)
    assert any((frame != frames[0]).any() for frame in frames)


def test_a_film_of_a_mujoco_robot_is_as_long_as_the_episode(train: Train, tmp_path: Path) -> None:
    try:
        choose_gl_backend()
    except RenderingUnavailable as error:
        pytest.skip(str(error))
    limit = "environment.wrappers=[{time_limit: {max_episode_steps: 12}}]"
    run = train("a2c", limit, environment_id="HalfCheetah-v5")
    film = tmp_path / "episode.mp4"
    assert film_episodes(run, choose_checkpoint(run), film, seed=0) == 12
    assert frames_in(film) == 12


def test_the_first_picture_is_that_of_the_reset(train: Train) -> None:
    run = train()
    with open_policy(run, choose_checkpoint(run), render_mode="rgb_array") as policy:
        frames = list(episode_frames(policy.policy, policy.env, seed=0, max_timesteps=4))
    np.testing.assert_array_equal([frame[0, 0, 0] for frame in frames], [0, 20, 40, 60])


def test_a_film_of_the_learning_covers_all_checkpoints(train: Train, tmp_path: Path) -> None:
    run = train("a2c", "environment.kwargs={length: 9}")
    checkpoints = CheckpointStore(run.checkpoints).all()
    film = tmp_path / "learning.mp4"
    assert film_learning(run, checkpoints, film) == 9 * len(checkpoints) == frames_in(film)


def test_long_episodes_are_cut_in_a_film_of_the_learning(train: Train, tmp_path: Path) -> None:
    run = train("a2c", "environment.kwargs={length: 300}", "training.training.eval.num_evals=0")
    checkpoints = CheckpointStore(run.checkpoints).all()[:2]
    assert film_learning(run, checkpoints, tmp_path / "learning.mp4") == 2 * RECORDED_TIMESTEPS


def test_training_goes_on_when_it_cannot_be_filmed(train: Train, caplog: pytest.LogCaptureFixture) -> None:
    run = train("a2c", "evaluation.video=true", environment_id=sample_env("BlindEnv"))
    assert (run.path / "eval.json").is_file()
    assert "no film was made" in caplog.text
    assert not list(run.videos.iterdir())


def test_films_of_the_training_are_made_as_often_and_as_long_as_asked_for(train: Train) -> None:
    video = "environment={video_wrapper: true, video_trigger: 20, video_length: 8}"
    run = train("a2c", video)
    films = sorted(run.videos.iterdir())
    assert [film.name for film in films] == [f"step_{timestep:09d}.mp4" for timestep in (0, 40)]
    assert [frames_in(film) for film in films] == [
        9,
        9,
    ]  # the frame before the first step, and one for every step
