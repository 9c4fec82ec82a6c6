"""The node `train`, which trains a policy at once, or at each goal of the action `~/train`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from std_srvs.srv import SetBool, Trigger

from rl_nodes import parameters, process
from rl_nodes.status import StatusPublisher
from rl_nodes.train_action import TrainAction
from rl_pipeline.commands.train import make_plan, train_and_conclude
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.plan import AlreadyFinishedError
from rl_pipeline.run.rl_trainer import TrainingResult


class Train(process.RunNode):
    """Trains one policy at a time.

    Parameters: `config`, the path of an experiment's YAML file; `overrides`, changes to it as `key=value`; `resume`,
    a run to resume, or `auto`; `action_server`, serve the action `~/train` instead of training at once, which is
    also the default without `config` and `resume`. Goals without a configuration then use `config`.
    Topics: `~/status` and `~/episodes`. Services: `~/save`, `~/pause` and `~/stop`.
    """

    def __init__(self) -> None:
        """Declare the parameters and offer the services."""
        super().__init__("train")
        self.config = parameters.text(self, "config")
        self.overrides = parameters.texts(self, "overrides")
        self.resume = parameters.text(self, "resume")
        serves = parameters.flag(self, "action_server")
        self.serves = serves or not (self.config or self.resume)
        self.status = StatusPublisher(self)
        self.control: TrainingControl | None = None
        self.create_service(Trigger, "~/save", self._save)
        self.create_service(SetBool, "~/pause", self._pause)
        self.create_service(Trigger, "~/stop", self._stop)

    def work(self) -> int | None:
        """Train according to the parameters, or serve the action."""
        if self.serves:
            TrainAction(self, self.train, self.status).serve()
            return 0
        try:
            self.train(self.config, self.overrides, self.resume, TrainingControl())
        except AlreadyFinishedError as error:
            print(error)
        return 0

    def train(
        self, config: str, overrides: Sequence[str], resume: str, control: TrainingControl
    ) -> tuple[RunFolder, TrainingResult]:
        """Train in this thread, which must be the main thread, and publish the progress.

        Raises:
            UserError: The configuration, the run or its checkpoint is refused, or the training failed.
            AlreadyFinishedError: The run to resume has finished its timesteps.
        """
        config = config or self.config
        plan = make_plan(Path(config) if config else None, resume or None, list(overrides))
        total_timesteps = plan.config.training.training.total_timesteps
        self.control = control

        def make_writer(folder: RunFolder) -> Any:
            writer = self.status.writer(folder)
            self.status.change(total_timesteps=total_timesteps)
            return writer

        try:
            return train_and_conclude(plan, control, [make_writer])
        finally:
            self.control = None
            if not self.serves:
                self.status.wait_for_listeners()

    def _save(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self.control is not None:
            self.control.save()
        return self._answer(response, "a checkpoint will be written after this rollout")

    def _pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if self.control is not None:
            self.control.pause(request.data)
            self.status.change(state="paused" if request.data else "training")
        return self._answer(
            response,
            "the training will pause after this rollout" if request.data else "the training continues",
        )

    def _stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self.control is not None:
            self.control.stop(f"service {self.get_fully_qualified_name()}/stop")
        return self._answer(
            response, "a checkpoint will be written after this rollout, then the training will end"
        )

    def _answer(self, response: Any, message: str) -> Any:
        response.success = self.control is not None
        response.message = message if response.success else "no training is running"
        return response


def main(arguments: list[str] | None = None) -> None:
    """Run the node and end with the exit status of `rl-pipeline train`."""
    process.run(Train, Train.work, arguments)
