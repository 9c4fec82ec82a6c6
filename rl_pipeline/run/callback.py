"""Base class of a user's own callbacks, and their view of the training."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gymnasium.vector import VectorEnv

from rl_pipeline.config.schema import Config
from rl_pipeline.learners.learner import Learner
from rl_pipeline.plain_data import StateDict
from rl_pipeline.run.folder import RunFolder

if TYPE_CHECKING:
    from rl_pipeline.run.session import Session


class OngoingTraining:
    """A training as its callbacks see it.

    Attributes:
        config: The run's configuration.
        folder: The run's folder.
    """

    def __init__(self, config: Config, folder: RunFolder, session: "Session") -> None:
        self.config = config
        self.folder: Path = folder.path
        self._session = session
        self._stop_reason: str | None = None

    @property
    def timestep(self) -> int:
        """Timesteps trained so far, earlier parts of a resumed run included."""
        return self._session.learner.timesteps

    @property
    def total_timesteps(self) -> int:
        """Number of timesteps of the complete training."""
        return self.config.training.training.total_timesteps

    @property
    def env(self) -> VectorEnv:
        """The training environment with its wrappers; `env.call(name, ...)` calls a method of every environment."""
        return self._session.env

    @property
    def learner(self) -> Learner:
        """The learner; `learner.policy` acts, `learner.mean_return` is the mean return of the latest episodes."""
        return self._session.learner

    @property
    def rank(self) -> int:
        """Rank of this process; 0 if a single process trains."""
        return self._session.ranks.rank

    @property
    def stop_reason(self) -> str | None:
        """The reason given to `stop` in this process; None until it is called."""
        return self._stop_reason

    def log(self, values: Mapping[str, float]) -> None:
        """Record metrics at this timestep in `progress.csv` and all trackers; of several ranks, rank 0 records."""
        self._session.tracker.write(self.timestep, values)

    def stop(self, reason: str) -> None:
        """End the training after this iteration, as early stopping does: it is evaluated and finished."""
        self._stop_reason = self._stop_reason or reason


class TrainingCallback:
    """Base class of your own callbacks; override the methods that you need.

    The constructor takes the arguments from the YAML file. If several processes train one policy, each of them
    makes and calls its own callbacks.

    `state_dict` is saved in every checkpoint from which a run resumes.
    """

    def on_start(self, training: OngoingTraining) -> None:
        """Called once in every process that trains, before its first iteration.

        When a run resumes, `load_state_dict` is called next, and then `on_checkpoint` with the checkpoint that
        the run resumes from, since the checkpoint does not contain its effect on the state.
        """

    def on_iteration(self, training: OngoingTraining) -> None:
        """Called after every iteration, which is a collection of experience and an update."""

    def on_evaluation(
        self, training: OngoingTraining, metrics: Mapping[str, float], *, is_best: bool
    ) -> None:
        """Called after every evaluation during the training, including the one at timestep 0.

        Args:
            training: The training.
            metrics: The columns of `evaluations.csv`, such as `eval/mean_reward`.
            is_best: Whether the mean return is the best one so far.
        """

    def on_checkpoint(self, training: OngoingTraining, checkpoint: Path) -> None:
        """Called after a checkpoint was written.

        Only rank 0 writes `best`, and the other ranks do not wait for it.

        Args:
            training: The training.
            checkpoint: Its folder, named `init`, `best`, `final` or `step_<timesteps>`.
        """

    def on_end(self, training: OngoingTraining, status: str) -> None:
        """Called after the last checkpoint of this process was written, but not if the training failed.

        Args:
            training: The training.
            status: `finished`, or `stopped` if a stop was requested; such a run can be resumed.
        """

    def state_dict(self) -> StateDict:
        """Return the state of the callback as plain data.

        Plain data is None, bool, int, float, str, NumPy arrays, and lists and dicts (with str keys) of these. By
        default, the state is every attribute that is not named like an argument of the constructor and does not begin
        with an underscore.
        """
        arguments = inspect.signature(type(self)).parameters
        return {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and name not in arguments
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore the state that `state_dict` returned; tuples have become lists."""
        for name, value in state.items():
            setattr(self, name, value)
