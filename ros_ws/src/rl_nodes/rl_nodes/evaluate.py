"""The node `evaluate`: evaluates a run's policy, writes its eval.json and publishes the result."""

from rl_interfaces.msg import EpisodeStatistics

from rl_nodes import parameters, process
from rl_nodes.delivery import LATCHED, deliver, wait_for_listener
from rl_nodes.episodes import evaluation_statistics
from rl_pipeline.commands.evaluate import evaluate_run


class Evaluate(process.RunNode):
    """Evaluates once and ends.

    Parameters: `run`, the run; `checkpoint`, one of its checkpoints (by default the best); `episodes` and `seed`
    (by default those of its configuration). Topic: `~/episodes`.
    """

    def __init__(self) -> None:
        """Declare the parameters.

        Raises:
            ValueError: No run is named.
        """
        super().__init__("evaluate")
        self.run = parameters.run_name(self)
        self.checkpoint = parameters.text(self, "checkpoint")
        self.episodes = parameters.natural(self, "episodes")
        self.seed = parameters.natural(self, "seed")
        self.publisher = self.create_publisher(EpisodeStatistics, "~/episodes", LATCHED)

    def work(self) -> int | None:
        """Evaluate, write and publish."""
        report = evaluate_run(self.run, self.checkpoint or None, self.episodes, self.seed)
        summary = {f"eval/{name}": value for name, value in report.items() if isinstance(value, float)}
        deliver(self, self.publisher, evaluation_statistics("evaluation", report["timestep"], summary))
        wait_for_listener(self.publisher)
        return 0


def main(arguments: list[str] | None = None) -> None:
    """Run the node and end with the exit status of `rl-pipeline eval`."""
    process.run(Evaluate, Evaluate.work, arguments)
