"""Returns of students and experts of HalfCheetah at each target speed, over the same episodes.

    python benchmarks/target_speeds.py speeds_gru speeds_mlp speed_1 speed_2 speed_4 --speeds 1 2 4
    python benchmarks/target_speeds.py speed_2 speeds_gru speeds_mlp --speeds 2 --film side_by_side.mp4

The second command films the runs side by side as well, ten seconds at each speed. Runs are those of
`configs/halfcheetah_speed_ppo.yaml` and `configs/halfcheetah_speed_distill.yaml`.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.rendering.film import FilmWriter, caption
from rl_pipeline.run.evaluate import evaluate
from rl_pipeline.run.films import episode_frames, frames_per_second
from rl_pipeline.run.locate import choose_checkpoint, find_run
from rl_pipeline.run.trained_policy import TrainedPolicy, open_policy

FILM_SECONDS = 10


@contextmanager
def acting(
    name: str, speed: float, n_episodes: int, render_mode: str | None = None
) -> Iterator[TrainedPolicy]:
    """Open the policy of a run in environments of one target speed."""
    run = find_run(name)
    overrides = [f"environment.kwargs.target_speeds=[{speed}]", "environment.n_workers=0"]
    with open_policy(
        run, choose_checkpoint(run, None), n_episodes=n_episodes, render_mode=render_mode, overrides=overrides
    ) as trained:
        yield trained


def returns_of(name: str, speed: float, n_episodes: int, seed: int) -> list[float]:
    """Let the policy of a run act at a speed."""
    with acting(name, speed, n_episodes) as trained:
        return evaluate(trained.policy, trained.env, n_episodes=n_episodes, seed=seed).returns


def film_side_by_side(path: Path, names: Sequence[str], speeds: Sequence[float], seed: int) -> None:
    """Film the runs beside each other, from the same start, for the same time at each speed."""
    with ExitStack() as stack:
        film = None
        for speed in speeds:
            opened = [stack.enter_context(acting(name, speed, 1, "rgb_array")) for name in names]
            fps = frames_per_second(opened[0].env)
            film = film or stack.enter_context(FilmWriter(path, fps))
            episodes = [
                episode_frames(one.policy, one.env, seed=seed, max_timesteps=FILM_SECONDS * fps)
                for one in opened
            ]
            labels = [f"{find_run(name).experiment_name}, {speed:g} m/s" for name in names]
            for frames in zip(*episodes, strict=True):
                film.write(np.hstack([caption(*pair) for pair in zip(frames, labels, strict=True)]))


def row(name: str, returns: Sequence[Sequence[float]]) -> tuple[str, ...]:
    return name, *(f"{np.mean(one):,.0f} +- {np.std(one):.0f}" for one in returns)


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0, 2.0, 4.0])
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--film", type=Path, metavar="OUT.mp4", help="film the runs side by side, too")
    parser.add_argument("--output", type=Path, default=Path("build", "bench_target_speeds.json"))
    return parser.parse_args(words)


def main(options: argparse.Namespace) -> None:
    machine = print_machine()
    returns = {
        name: [returns_of(name, speed, options.episodes, options.seed) for speed in options.speeds]
        for name in options.runs
    }
    heads = ("", *(f"{speed:g} m/s" for speed in options.speeds))
    print(as_table([heads, *(row(name, of) for name, of in returns.items())]))
    write_json("target_speeds", machine, options, returns=returns)
    if options.film:
        film_side_by_side(options.film, options.runs, options.speeds, options.seed)


if __name__ == "__main__":
    main(parse_options())
