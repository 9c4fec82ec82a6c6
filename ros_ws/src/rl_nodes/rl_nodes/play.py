"""The node `play`, in which a run's policy acts in its environment; it publishes every episode."""

from rl_interfaces.msg import EpisodeStatistics

from rl_nodes import parameters, process
from rl_nodes.delivery import LATCHED, deliver, wait_for_listener
from rl_nodes.episodes import evaluation_statistics
from rl_pipeline.commands.play import print_episode
from rl_pipeline.commands.run_arguments import chosen
from rl_pipeline.config.errors import nearest
from rl_pipeline.run.evaluate import Evaluation
from rl_pipeline.run.play import play, play_to_film

RENDER = ("none", "human", "rgb_array")


class Play(process.RunNode):
    """Lets a policy act.

    Parameters: `run`, the run; `checkpoint`, one of its checkpoints (by default the best); `render`, `none`,
    `human` for a window or `rgb_array` for a film of one episode; `episodes`, their number (by default no limit);
    `seed`.
    Topic: `~/episodes`, a message for each episode.
    """

    def __init__(self) -> None:
        """Declare the parameters.

        Raises:
            ValueError: No run is named, or the value of `render` is unknown.
        """
        super().__init__("play")
        self.run = parameters.run_name(self)
        self.checkpoint = parameters.text(self, "checkpoint")
        self.render = parameters.text(self, "render", "none")
        self.episodes = parameters.natural(self, "episodes")
        self.seed = parameters.natural(self, "seed") or 0
        self.publisher = self.create_publisher(EpisodeStatistics, "~/episodes", LATCHED)
        if self.render not in RENDER:
            close = nearest(self.render, RENDER)
            hint = f"; did you mean '{close}'?" if close else ""
            raise ValueError(f"the parameter render is '{self.render}', not one of {', '.join(RENDER)}{hint}")

    def work(self) -> int | None:
        """Play until done or interrupted."""
        folder, checkpoint = chosen(self.run, self.checkpoint or None)

        def report(episodes: Evaluation) -> None:
            print_episode(episodes)
            statistics = evaluation_statistics("play", checkpoint.timestep, episodes.latest())
            deliver(self, self.publisher, statistics)

        if self.render == "rgb_array":
            film, frames = play_to_film(folder, checkpoint, None, seed=self.seed)
            print(f"{film} ({frames} frames)")
            return 0
        try:
            play(
                folder,
                checkpoint,
                window=self.render == "human",
                n_episodes=self.episodes,
                seed=self.seed,
                report=report,
            )
        except KeyboardInterrupt:
            if self.episodes is not None:
                raise
        else:
            wait_for_listener(self.publisher)
        return 0


def main(arguments: list[str] | None = None) -> None:
    """Run the node and end with the exit status of `rl-pipeline play`."""
    process.run(Play, Play.work, arguments)
