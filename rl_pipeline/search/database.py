"""A database of trials that may be restarted while a search runs."""

import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from rl_pipeline.errors import CommandFailedError

_PAUSE = 1.0
_CONNECT_TIMEOUT = 10

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class DatabaseStorage(RDBStorage):
    """Waits for its database and repeats operations that lost their connection, without counting anything twice.

    One process may create trials.

    Args:
        url: Address of the database.
        patience: Seconds to wait for it after it was reached for the first time.
    """

    def __init__(self, url: sqlalchemy.URL, patience: float) -> None:
        self._shown = url.render_as_string(hide_password=True)
        self._patience = patience
        is_postgresql = url.get_backend_name() == "postgresql"
        arguments = {"connect_timeout": _CONNECT_TIMEOUT} if is_postgresql else {}
        engine_options = {"pool_pre_ping": True, "connect_args": arguments}
        super().__init__(url.render_as_string(hide_password=False), engine_options)
        sqlalchemy.event.listen(self.engine, "do_connect", self._connect)

    def _connect(self, dialect: Any, record: Any, arguments: Any, options: Any) -> Any:
        """Connect, and wait if the database does not answer."""
        deadline = None
        while True:
            try:
                connection = dialect.connect(*arguments, **options)
            except dialect.loaded_dbapi.OperationalError as error:
                if deadline is None:
                    deadline = time.monotonic() + self._patience
                    text = f"does not answer; waiting for at most {self._patience / 60:.3g} minutes"
                    print(f"The database {self._shown} {text}.", file=sys.stderr, flush=True)
                if time.monotonic() > deadline:
                    raise self._gave_up(error) from error
                time.sleep(_PAUSE)
                continue
            if deadline is not None:
                print(f"The database {self._shown} answers again.", file=sys.stderr, flush=True)
            return connection

    def repeat(self, operation: Callable[[bool], _Result]) -> _Result:
        """Repeat an operation until it keeps its connection.

        Args:
            operation: The operation; its argument is whether an earlier attempt lost its connection.
        """
        deadline = None
        while True:
            try:
                return operation(deadline is not None)
            except StorageInternalError as error:
                if not _lost_connection(error.__cause__):
                    raise
                deadline = deadline or time.monotonic() + self._patience
                if time.monotonic() > deadline:
                    raise self._gave_up(error) from error

    def _gave_up(self, error: Exception) -> CommandFailedError:
        waited = f"has not answered for {self._patience / 60:.3g} minutes: {str(error).strip()}"
        remedy = "Nothing is lost: start the database and resume with `rl-pipeline sweep --resume`."
        return CommandFailedError(f"The database {self._shown} {waited}\n{remedy}")

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        """Create a trial, unless an attempt that lost its connection created it."""
        n_known = self.get_n_trials(study_id)
        create = super()._create_new_trial

        def attempt(again: bool) -> FrozenTrial:
            trials = self.get_all_trials(study_id) if again else []
            created = [trial for trial in trials if trial.number >= n_known]
            return created[0] if created else create(study_id, template_trial)

        return self.repeat(attempt)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Set state and values, unless an attempt that lost its connection set them."""
        write = super().set_trial_state_values

        def attempt(again: bool) -> bool:
            try:
                return write(trial_id, state, values)
            except UpdateFinishedTrialError:
                stored = self.get_trial(trial_id)
                if again and stored.state == state and (values is None or stored.values == list(values)):
                    return True
                raise

        return self.repeat(attempt)


def _lost_connection(error: BaseException | None) -> bool:
    """Return whether a connection was lost, or a session used after Optuna had overlooked that."""
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return is_lost or isinstance(error, PendingRollbackError)


def _repeated(
    operation: Callable[Concatenate[DatabaseStorage, _Parameters], _Result],
) -> Callable[Concatenate[DatabaseStorage, _Parameters], _Result]:
    """Repeat an operation that lost its connection and that may take place twice."""

    @wraps(operation)
    def repeated(self: DatabaseStorage, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        return self.repeat(lambda again: operation(self, *args, **kwargs))

    return repeated


for _name in (
    "get_all_studies",
    "get_all_trials",
    "get_n_trials",
    "get_study_directions",
    "get_study_id_from_name",
    "get_study_name_from_id",
    "get_study_system_attrs",
    "get_study_user_attrs",
    "get_trial",
    "get_trial_id_from_study_id_trial_number",
    "set_study_system_attr",
    "set_study_user_attr",
    "set_trial_intermediate_value",
    "set_trial_system_attr",
    "set_trial_user_attr",
    # Methods that Optuna's cache calls.
    "_get_best_trial_id",
    "_get_trials",
    "_set_trial_param",
):
    setattr(DatabaseStorage, _name, _repeated(getattr(RDBStorage, _name)))
