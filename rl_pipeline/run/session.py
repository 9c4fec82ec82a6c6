"""Resources of a training, which are opened together and always closed together."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gymnasium.vector import VectorEnv
from rich.console import Console

from rl_pipeline.config.schema import Config
from rl_pipeline.envs.ros.run_name import named_after
from rl_pipeline.learners.device import use_threads
from rl_pipeline.learners.learner import Learner
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank, rank_seed
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.run.callback_list import CallbackList
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.environments import make_training_env
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.periodic_evaluation import PeriodicEvaluation
from rl_pipeline.run.trackers import MakeWriter, make_tracker
from rl_pipeline.run.training_state import (
    Progression,
    load_pretrained,
    read_progression,
    restore_training_state,
)
from rl_pipeline.tracking.progress import Progress
from rl_pipeline.tracking.time_split import TimeSplit
from rl_pipeline.tracking.tracker import Tracker
from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.record_video import RecordVideo


@dataclass
class Session:
    """The open parts of a training.

    Attributes:
        env: The training environment with its wrappers.
        learner: The learner, ready for its next iteration.
        evaluation: The periodic evaluation.
        progression: Progress of the run.
        tracker: Receives its records.
        split: Measures how it uses its time.
        progress: Shows the progress to the user.
        ranks: The processes that train together.
        callbacks: The user's callbacks.
        status: Final status for the trackers.
    """

    env: VectorEnv
    learner: Learner
    evaluation: PeriodicEvaluation
    progression: Progression
    tracker: Tracker
    split: TimeSplit
    progress: Progress
    ranks: Ranks
    callbacks: CallbackList
    status: str = "failed"

    def close_environments(self) -> None:
        """Close the training's environments, which others may need from now on: some programs exist only once."""
        self.env.close()
        self.evaluation.close()


@contextmanager
def open_session(
    config: Config,
    folder: RunFolder,
    resume: Checkpoint | None,
    make_writers: Sequence[MakeWriter] = (),
    ranks: Ranks | None = None,
) -> Iterator[Session]:
    """Open a training, new or resumed from a checkpoint.

    Args:
        config: The run's configuration.
        folder: The run's folder.
        resume: The checkpoint to resume from.
        make_writers: Makes additional writers for the run's records.
        ranks: The processes that train together; None for a single process. Only rank 0 keeps records.

    Raises:
        CheckpointError: The checkpoint is damaged or does not fit the configuration.
    """
    ranks = ranks or SingleRank()
    settings, seed = config.training.training, rank_seed(config.experiment.seed, ranks.rank)
    start = resume.timestep if resume else 0
    progression = read_progression(resume) if resume else Progression()
    with ExitStack() as stack:
        stack.enter_context(named_after(folder.name))
        # closed last: closing the env may end a film
        tracker = make_tracker(config, folder, progression, make_writers) if ranks.leads else Tracker([])
        session: Session | None = None
        stack.callback(lambda: tracker.close(session.status if session else "failed"))
        env = make_training_env(config, folder.videos, first_timestep=start, seed=seed, films=ranks.leads)
        stack.callback(env.close)
        use_threads(settings.n_threads, env.single_observation_space)
        evaluation = PeriodicEvaluation(config, progression, ranks)
        stack.callback(evaluation.close)
        callbacks = CallbackList(config.training.callbacks)
        split = TimeSplit(start, progression.minutes)
        learner = learner_class(config.training)(config.training, env, seed=seed)
        if ranks.size > 1:
            learner.join(ranks)
        learner.start()
        if resume:
            restore_training_state(resume, learner, env, callbacks, ranks, seed=config.experiment.seed)
            tracker.rewind(start)
        elif config.training.pretrained_model:
            load_pretrained(config, learner, env)
        _send_films(env, tracker)
        verbose = settings.verbose if ranks.leads else 0
        console = (
            Console(force_terminal=False) if ranks.size > 1 else None
        )  # mpirun pretends to be a terminal
        progress = Progress(settings.total_timesteps, start, settings.log_points, verbose, console)
        session = Session(env, learner, evaluation, progression, tracker, split, progress, ranks, callbacks)
        stack.callback(progress.close)
        yield session


def _send_films(env: VectorEnv, tracker: Tracker) -> None:
    recorder = find_wrapper(env, RecordVideo)
    if recorder is not None:
        recorder.on_film = partial(_send_film, tracker)


def _send_film(tracker: Tracker, path: Path, timestep: int) -> None:
    tracker.film("video/training", path, timestep)
