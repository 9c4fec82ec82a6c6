"""Films of the documentation: animated WebP files of trained policies and of a scripted grasp.

`MUJOCO_GL=egl python scripts/docs_site/films.py --out docs/images` trains the configurations and writes the films.
`flat_pj_cube` and `fetch_pick_and_place` take a quarter of an hour each on a CPU core, the others some minutes;
`--only` selects films.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import rl_pipeline
from rl_pipeline.cli import main as command
from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.grasping.scripted import ScriptedGrasp
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.rendering.film import Frame

CONFIGS = Path(__file__).parents[2] / "configs"
SIZE = (400, 300)
"""Width and height in pixels."""


@dataclass
class Film:
    """A film of a trained policy.

    Args:
        config: The configuration that trains the policy, a file of `configs/`.
        start: The first frame that is shown.
        stop: The frame after the last one.
        step: Every how many frames one is shown.
        milliseconds: How long each frame is shown.
        episodes: How many episodes are played.
        place: What the shape of `SIZE` shows of a taller frame: 0 is its top, 1 its bottom.
    """

    config: str
    start: int
    stop: int
    step: int
    milliseconds: int
    episodes: int = 1
    place: float = 0.5


FILMS = {
    "halfcheetah": Film("halfcheetah_ppo.yaml", start=60, stop=120, step=1, milliseconds=50, place=1.0),
    "motion_walk": Film("motion_walk_ppo.yaml", start=55, stop=220, step=2, milliseconds=40),
    "balancer": Film("balancer.yaml", start=0, stop=200, step=3, milliseconds=60),
    "fetch_reach": Film("fetch_reach_her.yaml", start=0, stop=200, step=2, milliseconds=80, episodes=4),
    "fetch_pick_and_place": Film(
        "fetch_pick_and_place_her.yaml", start=0, stop=300, step=3, milliseconds=100, episodes=6, place=0.3
    ),
    "flat_pj_cube": Film("flat_pj_cube_her.yaml", start=0, stop=300, step=3, milliseconds=80, episodes=6),
}
GRASP = "grasp"
GRASP_STEPS = 48


def save_film(frames: Iterable[Frame], path: Path, milliseconds: int, place: float = 0.5) -> None:
    """Write frames as an animated WebP that repeats forever, cut to the shape of `SIZE`.

    Args:
        frames: Pictures of one size, (height, width, 3).
        path: The file.
        milliseconds: How long each frame is shown.
        place: The part that remains of a taller frame, as in `Film`.
    """
    first, *others = (_fit(Image.fromarray(frame), place) for frame in frames)
    first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0, quality=75, method=6)


def _fit(picture: Image.Image, place: float) -> Image.Image:
    """Cut a picture to the shape of `SIZE` and scale it."""
    width, height = picture.size
    scale = min(width / SIZE[0], height / SIZE[1])
    left, top = (width - scale * SIZE[0]) / 2, (height - scale * SIZE[1]) * place
    box = (left, top, left + scale * SIZE[0], top + scale * SIZE[1])
    return picture.resize(SIZE, Image.Resampling.LANCZOS, box)


def trained(film: Film, folder: Path) -> NDArray[np.uint8]:
    """Train a policy and return the frames of its episodes, (frames, height, width, 3)."""
    run = rl_pipeline.train(
        CONFIGS / film.config, {"experiment.folder": str(folder), "evaluation.video": False}
    )
    video = folder / "episodes.mp4"
    command(["play", str(run.path), "--video", str(video), "--episodes", str(film.episodes)])
    return imageio.imread(video, plugin="FFMPEG")


def grasp() -> list[Frame]:
    """Return frames of the Shadow hand that lifts a cube."""
    task = GRASPING_TASKS["FlatSHCube"]()
    task.width, task.height = SIZE
    look = np.array([-0.1, 0.0, 0.32])
    task.default_camera_config = {"distance": 1.25, "azimuth": 140.0, "elevation": -30.0, "lookat": look}
    env = MujocoVectorEnv(task, 1, "rgb_array")
    observation, _ = env.reset(seed=2)
    script = ScriptedGrasp(task, lift=0.2)
    frames = []
    for step in range(GRASP_STEPS):
        observation, *_ = env.step(script.act(observation, step))
        (frame,) = env.render()
        frames.append(frame)
    env.close()
    return frames


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the films."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    names = [*FILMS, GRASP]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="the films to make")
    options = parser.parse_args(arguments)
    for name in options.only:
        path = options.out / f"{name}.webp"
        if name == GRASP:
            save_film(grasp(), path, milliseconds=40)
            continue
        film = FILMS[name]
        with tempfile.TemporaryDirectory() as folder:
            frames = trained(film, Path(folder))[film.start : film.stop : film.step]
        save_film(frames, path, film.milliseconds, film.place)


if __name__ == "__main__":
    main()
