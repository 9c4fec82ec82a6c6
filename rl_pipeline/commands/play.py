"""`rl-pipeline play`: show a policy in a window, or film it."""

import argparse
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import path_ending_in, positive, seed
from rl_pipeline.commands.run_arguments import add_overrides, add_run, chosen, refuse_window_with_film

if TYPE_CHECKING:
    from rl_pipeline.run.evaluate import Evaluation

NAME = "play"
HELP = "show a run's policy in a window, or film an episode"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    add_overrides(parser)
    parser.add_argument(
        "--render",
        choices=["human", "rgb_array"],
        default="rgb_array",
        help="human: a window; rgb_array: a film (default)",
    )
    parser.add_argument("--video", type=path_ending_in(".mp4"), metavar="OUT.mp4", help="the film to write")
    parser.add_argument("--episodes", type=positive, default=1, help="episodes to show or film (default 1)")
    parser.add_argument("--seed", type=seed, default=0, help="seed of the first episode (default 0)")


def run(options: argparse.Namespace) -> None:
    """Play."""
    from rl_pipeline.run.play import play, play_to_film

    refuse_window_with_film(options)
    folder, checkpoint = chosen(options.run_name, options.checkpoint)
    if options.render == "human":
        play(
            folder,
            checkpoint,
            window=True,
            n_episodes=options.episodes,
            seed=options.seed,
            report=print_episode,
            overrides=options.overrides,
        )
        return
    film, frames = play_to_film(
        folder,
        checkpoint,
        options.video,
        seed=options.seed,
        n_episodes=options.episodes,
        overrides=options.overrides,
    )
    print(f"{film} ({frames} frames)")


def print_episode(episodes: "Evaluation") -> None:
    """Print the latest episode."""
    number, latest = len(episodes.returns), episodes.returns[-1]
    print(f"episode {number}: return {latest:.1f}, {episodes.lengths[-1]} timesteps", flush=True)
