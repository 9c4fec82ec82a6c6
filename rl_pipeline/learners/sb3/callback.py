"""What SB3 tells the trainer while a model collects experience."""

from stable_baselines3.common.callbacks import BaseCallback

from rl_pipeline.tracking.time_split import TimeSplit


class TrainingCallback(BaseCallback):
    """Splits the time of an iteration into collecting and updating.

    Args:
        split: Gets the seconds.
    """

    def __init__(self, split: TimeSplit) -> None:
        super().__init__()
        self.split = split

    def _on_rollout_start(self) -> None:
        self.split.switch("collect")

    def _on_rollout_end(self) -> None:
        self.split.switch("update")

    def _on_step(self) -> bool:
        return True
