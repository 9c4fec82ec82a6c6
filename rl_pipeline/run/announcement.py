"""Announcement of a training: what is trained, with what, for how long, and where results are saved."""

import logging
import math
from collections.abc import Callable

from gymnasium import Space, spaces

from rl_pipeline.config.backend import Traits
from rl_pipeline.config.schema import Config
from rl_pipeline.config.training import algorithm_title
from rl_pipeline.learners.learner import IterationLength
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.run.conclusion import shown
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.session import Session
from rl_pipeline.run.user_code import name_user_code

logger = logging.getLogger(__name__)

MAX_EXCESS = 0.05
"""Largest relative excess over the requested timesteps without a warning."""


def announce(
    config: Config, folder: RunFolder, session: Session, reason: str | None, log: Callable[[str], None]
) -> None:
    """Show the training that is about to start, and warn if whole rollouts make it much longer than requested.

    Args:
        config: The run's configuration.
        folder: The run.
        session: Its environment and learner.
        reason: Why the training has already ended early; None if it has not.
        log: Also gets the text, for any value of `verbose`.
    """
    start, total = session.learner.timesteps, config.training.training.total_timesteps
    description = session.learner.describe()
    length = description.iteration
    end = last_timestep(start, total, length)
    environment, training = name_user_code(config, folder).environment, config.training
    count = _count(session.env.num_envs, "environment")
    if session.ranks.size > 1:
        count += f" in each of {session.ranks.size} ranks ({session.ranks.label})"
    has_engines = learner_class(training).stock_loader(training) is not None
    algorithm = algorithm_title(training.algorithm) + (f" (engine {training.engine})" if has_engines else "")
    rows = {
        "environment": f"{environment.id} (backend {environment.backend}), {count}",
        "observations": _space(session.env.single_observation_space) + _normalised(config),
        "actions": _space(session.env.single_action_space),
        "algorithm": f"{algorithm}, seed {config.experiment.seed}",
        "networks": description.networks,
        "device": description.device,
        "timesteps": _timesteps(start, total, end, length, reason),
        "results": shown(folder.path),
    }
    rows |= limits(environment.traits)
    text = "\n".join(f"{name:<14}{value}" for name, value in rows.items())
    session.progress.message(text)
    log(text)
    if reason is None and end is not None and end - total > MAX_EXCESS * (total - start):
        logger.warning(
            "%s timesteps are requested, but %s will be trained, in whole iterations of %s timesteps",
            f"{total:,}",
            f"{end:,}",
            length,
        )


def limits(traits: Traits) -> dict[str, str]:
    """Return the rows with the limits of a backend; none for a simulator without limits."""
    rows: dict[str, str] = {}
    if traits.started_by_hand:
        rows["evaluation"] = "only at the end, in the programs of the training"
    if traits.real_time:
        rows["time"] = "real: the environments do not wait while the policy is updated"
    if not traits.exact_state:
        rows["resuming"] = "starts new episodes, since the environments' state cannot be saved"
    return rows


def last_timestep(start: int, total: int, length: IterationLength) -> int | None:
    """Return the last timestep of a training without an early stop; None if its iterations consist of episodes."""
    if start >= total:
        return start
    if length.timesteps is None:
        return None
    return start + math.ceil((total - start) / length.timesteps) * length.timesteps


def _space(space: Space) -> str:
    if isinstance(space, spaces.Dict):
        return ", ".join(f"{name}: {_space(part)}" for name, part in space.items())
    if not isinstance(space, spaces.Box):
        return str(space)
    low, high = space.low.min(), space.high.max()
    alike = bool((space.low == low).all() and (space.high == high).all())
    return f"Box{space.shape} {space.dtype}" + (f", {low:g} to {high:g}" if alike else "")


def _normalised(config: Config) -> str:
    normalize = config.environment.normalize
    parts = [name for name in ("observation", "reward") if getattr(normalize, name)]
    return f"; normalised: {' and '.join(f'{name}s' for name in parts)}" if parts else ""


def _timesteps(start: int, total: int, end: int | None, length: IterationLength, reason: str | None) -> str:
    if reason is not None or start >= total:
        return f"{start:,} are done{f' ({reason})' if reason else ''}; only the final evaluation is missing"
    done = f"{start:,} are done; " if start else ""
    if end is None or length.timesteps is None:
        return f"{done}at least {total:,}, in iterations of {length}"
    asked = "" if end == total else f" ({total:,} requested)"
    n_iterations = _count((end - start) // length.timesteps, "iteration")
    return f"{done}{end:,}{asked} after {n_iterations} of {length}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
