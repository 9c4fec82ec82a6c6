"""What SB3 tells a learner while its model collects experience."""

from collections.abc import Callable

from stable_baselines3.common.callbacks import BaseCallback

from rl_pipeline.learners.learner import Phase


class PhaseCallback(BaseCallback):
    """Reports where collecting and updating start.

    Attributes:
        on_phase: Gets the phase that starts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_phase: Callable[[Phase], object] = lambda phase: None

    def _on_rollout_start(self) -> None:
        self.on_phase("collect")

    def _on_rollout_end(self) -> None:
        self.on_phase("update")

    def _on_step(self) -> bool:
        return True
