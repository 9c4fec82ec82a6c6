"""Callbacks for tests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rl_pipeline.run.callback import OngoingTraining, TrainingCallback


class Journal(TrainingCallback):
    """Remembers every call, and draws random numbers."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.calls: list[list[object]] = []
        self.drawn = np.zeros(2)

    def note(self, name: str, training: OngoingTraining, *details: object) -> None:
        self.calls = [*self.calls, [name, training.timestep, *details]]

    def on_start(self, training: OngoingTraining) -> None:
        self.note("start", training)

    def on_iteration(self, training: OngoingTraining) -> None:
        self.drawn = self.drawn + self.scale * np.random.normal(size=2)
        training.log({"journal/drawn": float(self.drawn[0])})
        self.note("iteration", training)

    def on_evaluation(
        self, training: OngoingTraining, metrics: Mapping[str, float], *, is_best: bool
    ) -> None:
        self.note("evaluation", training, metrics["eval/mean_reward"], is_best)

    def on_checkpoint(self, training: OngoingTraining, checkpoint: Path) -> None:
        assert (checkpoint / "checkpoint.json").is_file()
        self.note("checkpoint", training, checkpoint.name)

    def on_end(self, training: OngoingTraining, status: str) -> None:
        self.note("end", training, status)


class StopAt(TrainingCallback):
    """Ends the training after so many timesteps."""

    def __init__(self, timestep: int) -> None:
        self.timestep = timestep

    def on_iteration(self, training: OngoingTraining) -> None:
        if training.timestep >= self.timestep:
            training.stop(f"{self.timestep} timesteps are enough")


class Broken(TrainingCallback):
    """Fails in a method."""

    def __init__(self, method: str = "on_iteration") -> None:
        if method == "constructor":
            raise RuntimeError("broken on purpose")
        self._method = method

    def on_iteration(self, training: OngoingTraining) -> None:
        if self._method == "on_iteration":
            raise RuntimeError("broken on purpose")

    def state_dict(self) -> dict[str, object]:
        return {"things": {1, 2}} if self._method == "state_dict" else {}
