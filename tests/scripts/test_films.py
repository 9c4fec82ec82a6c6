"""The script that makes the films of the documentation, with a film of a few frames."""

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from rl_pipeline.config.loading import load_config
from tests.documentation import DOCS, ROOT

EXPERIMENT = """
environment: {id: CartPole-v1}
training:
  algorithm: ppo
  algorithm_parameters: {n_steps: 64, batch_size: 64, n_epochs: 1}
  training: {total_timesteps: 64, device: cpu, eval: {num_evals: 1, num_episodes: 1}}
evaluation: {num_episodes: 1}
"""


@pytest.fixture
def films(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts" / "docs_site")
    return importlib.import_module("films")


def test_frames_become_an_animation_that_repeats(films: ModuleType, tmp_path: Path) -> None:
    frames = np.zeros((3, 480, 480, 3), np.uint8)
    frames[:, :60], frames[:, 420:] = 255, 255  # outside of the middle
    frames[1] = 128
    films.save_film(frames, tmp_path / "film.webp", milliseconds=40)
    film = Image.open(tmp_path / "film.webp")
    assert (film.n_frames, film.size, film.info["loop"]) == (3, films.SIZE, 0)
    assert np.asarray(film.convert("RGB")).max() < 20


def test_the_grasp_is_filmed(films: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "GRASP_STEPS", 2)
    films.main(["--out", str(tmp_path), "--only", "grasp"])
    assert Image.open(tmp_path / "grasp.webp").n_frames == 2


def test_a_policy_is_trained_and_filmed(films: ModuleType, tmp_path: Path) -> None:
    config = tmp_path / "experiment.yaml"
    config.write_text(EXPERIMENT)
    frames = films.trained(
        films.Film(str(config), start=0, stop=2, step=1, milliseconds=40, episodes=2), tmp_path
    )
    assert len(frames) > 2
    assert frames.shape[1:] == (400, 600, 3)


def test_every_film_is_in_the_documentation_and_small(films: ModuleType) -> None:
    for name in (*films.FILMS, films.GRASP):
        assert (DOCS / "images" / f"{name}.webp").stat().st_size < 2**20
    for film in films.FILMS.values():
        load_config(films.CONFIGS / film.config)
