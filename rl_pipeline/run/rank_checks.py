"""Checks of trainings with several ranks, and of the checkpoints that they resume."""

from rl_pipeline.config.environment import BACKENDS
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import RefusedError
from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.run.checkpoints import Checkpoint


def check_ranks(config: Config, resume: Checkpoint | None, ranks: Ranks, *, allow_other_ranks: bool) -> None:
    """Refuse a training that these ranks cannot run.

    Args:
        config: The run's configuration.
        resume: The checkpoint to resume from.
        ranks: The ranks of this training.
        allow_other_ranks: Whether another number of ranks may have written the checkpoint.

    Raises:
        ConfigError: The learner or the backend supports only one process.
        RefusedError: Another number of ranks wrote the checkpoint.
    """
    if ranks.size > 1:
        problems = learner_class(config.training).check_parallel(config.training)
        if not config.environment.traits.in_process:
            valid = [name for name, kind in BACKENDS.items() if kind.model_construct().traits.in_process]
            message = "several ranks cannot share the programs or robots of this backend"
            problems.append(Problem("environment.backend", message, config.environment.backend, valid=valid))
        if problems:
            raise ConfigError(problems)
    if resume is not None and resume.n_ranks != ranks.size and not allow_other_ranks:
        raise RefusedError(
            f"{resume.path} was written by {_count(resume.n_ranks)}, but this training has {_count(ranks.size)}; "
            f"start it with {_count(resume.n_ranks)}, which resumes exactly, or add --allow-other-ranks; then "
            "all environments start new episodes"
        )


def _count(n: int) -> str:
    return f"{n} rank{'' if n == 1 else 's'}"
