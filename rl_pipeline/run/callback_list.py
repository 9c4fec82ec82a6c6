"""All callbacks of a training: made from the configuration, called in order, saved and restored."""

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from rl_pipeline import plain_data
from rl_pipeline.class_path import check_arguments, find_class
from rl_pipeline.config.class_spec import ClassSpec
from rl_pipeline.config.draft import Draft
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.errors import CommandFailedError
from rl_pipeline.plain_data import StateDict
from rl_pipeline.run.callback import OngoingTraining, TrainingCallback

logger = logging.getLogger(__name__)

KEY = "training.callbacks"
P = ParamSpec("P")
T = TypeVar("T")


class CallbackError(CommandFailedError):
    """Raised when a user's callback raises an error; the message names the callback, the method and the line."""


class CallbackList:
    """Calls the callbacks of a training.

    Args:
        specs: The list `training.callbacks`.

    Raises:
        ConfigError: A class does not exist, or refuses its arguments.
    """

    def __init__(self, specs: Sequence[ClassSpec]) -> None:
        self._callbacks = [_make(spec, f"{KEY}.{index}") for index, spec in enumerate(specs)]
        self._saved: list[StateDict] = []
        self._checkpoint: Path | None = None

    def __bool__(self) -> bool:
        """Return whether there are any callbacks."""
        return bool(self._callbacks)

    def resume(self, states: Iterable[StateDict], checkpoint: Path) -> None:
        """Continue from a checkpoint at the next `start`.

        Args:
            states: The result of `states` when the checkpoint was written.
            checkpoint: Its folder.

        Raises:
            KeyError or TypeError: These are not states of callbacks.
        """
        self._saved = [{"class": str(state["class"]), "state": dict(state["state"])} for state in states]
        self._checkpoint = checkpoint

    def start(self, training: OngoingTraining) -> None:
        """Call `on_start`, and restore the states from the checkpoint, if there is one."""
        self._each(lambda callback: callback.on_start, training)
        if self._checkpoint is None:
            return
        left = list(self._saved)
        for index, callback in enumerate(self._callbacks):
            name = type(callback).__name__
            saved = next((state for state in left if state["class"] == name), None)
            if saved is None:
                logger.warning(
                    "%s.%d: the checkpoint holds no state of %s, which starts with a new state",
                    KEY,
                    index,
                    name,
                )
                continue
            left.remove(saved)
            self._call(index, callback.load_state_dict, saved["state"])
        for state in left:
            logger.warning("%s: the state of %s in the checkpoint is dropped", KEY, state["class"])
        self.checkpoint(training, self._checkpoint)

    def iteration(self, training: OngoingTraining) -> None:
        """Call `on_iteration`."""
        self._each(lambda callback: callback.on_iteration, training)

    def evaluation(self, training: OngoingTraining, metrics: Mapping[str, float], *, is_best: bool) -> None:
        """Call `on_evaluation`."""
        for index, callback in enumerate(self._callbacks):
            self._call(index, callback.on_evaluation, training, metrics, is_best=is_best)

    def checkpoint(self, training: OngoingTraining, folder: Path) -> None:
        """Call `on_checkpoint`."""
        self._each(lambda callback: callback.on_checkpoint, training, folder)

    def end(self, training: OngoingTraining, status: str) -> None:
        """Call `on_end`."""
        self._each(lambda callback: callback.on_end, training, status)

    def states(self) -> list[StateDict]:
        """Capture the states of all callbacks as plain data."""
        return [
            {"class": type(callback).__name__, "state": self._call(index, _plain_state, callback)}
            for index, callback in enumerate(self._callbacks)
        ]

    def _each(
        self, method: Callable[[TrainingCallback], Callable[P, None]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        for index, callback in enumerate(self._callbacks):
            self._call(index, method(callback), *args, **kwargs)

    def _call(self, index: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            name = type(self._callbacks[index]).__name__
            frames = "".join(traceback.format_tb(error.__traceback__)[1:])
            method = function.__name__.replace(_plain_state.__name__, "state_dict")
            message = f"{KEY}.{index}: {name}.{method}: {type(error).__name__}: {error}\n{frames}"
            raise CallbackError(message.rstrip()) from error


def check_callbacks(draft: Draft) -> list[Problem]:
    """Return the problems in the names of callbacks and of their arguments."""
    if not draft.is_sound(KEY):
        return []
    problems: list[Problem] = []
    for index, spec in enumerate(draft.training.callbacks):
        key = f"{KEY}.{index}"
        found = find_class(spec.name, {}, TrainingCallback, key)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            problems += check_arguments(found, spec.arguments, f"{key}.{spec.name}")
    return problems


def _make(spec: ClassSpec, key: str) -> TrainingCallback:
    found = find_class(spec.name, {}, TrainingCallback, key)
    if isinstance(found, Problem):
        raise ConfigError([found])
    try:
        return found(**spec.arguments)
    except Exception as error:
        message = f"{found.__name__} could not be made: {type(error).__name__}: {error}"
        raise ConfigError([Problem(f"{key}.{spec.name}", message, spec.arguments)]) from error


def _plain_state(callback: TrainingCallback) -> StateDict:
    """Return the state of a callback.

    Raises:
        TypeError: The state is not plain data.
    """
    state = callback.state_dict()
    plain_data.to_bytes(state)
    return state
