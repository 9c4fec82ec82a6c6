"""A run's metrics, films and models on Weights & Biases, which never stops or blocks the training."""

import os
import secrets
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_pipeline.tracking.background import BackgroundCalls
from rl_pipeline.tracking.writer import Writer

if TYPE_CHECKING:
    import wandb

QUEUE_SIZE = 1000


class WandbWriter(Writer):
    """Sends records to W&B: metrics over timesteps, films as videos, checkpoints as artifacts.

    No method raises. Without network or login, the run is kept offline in `folder/wandb` and can be uploaded
    later with `wandb sync`. A thread passes on the records: if W&B hangs until the queue is full, the newest
    records are dropped. Every kind of problem causes one warning.

    Artifacts of a kind are versions of one collection, `<kind>-<run id>`; the name of each is its alias, so
    that `entity/project/model-<run id>:best` is the best model.

    W&B cannot delete records, so `rewind` does nothing: points that a resumed run repeats exist twice.

    Args:
        folder: The run's folder.
        project: Project on W&B.
        entity: User or team on W&B; None for the user's default.
        name: Name shown on W&B.
        group: Runs of a group (seeds of an experiment) are shown together.
        tags: Tags on W&B.
        config: The run's resolved configuration, as plain data.
        mode: `online`, `offline` or `disabled`; None for the variable WANDB_MODE, otherwise `online`.
        run_id: The id of the W&B run to continue; None for a new one.
        init_timeout: Time limit in seconds of W&B's server at the start.
        finish_timeout: Time limit in seconds of the last uploads when the run ends.
    """

    def __init__(
        self,
        folder: Path,
        *,
        project: str,
        entity: str | None = None,
        name: str | None = None,
        group: str | None = None,
        tags: Sequence[str] = (),
        config: Mapping[str, object] | None = None,
        mode: str | None = None,
        run_id: str | None = None,
        init_timeout: float = 20.0,
        finish_timeout: float = 120.0,
    ) -> None:
        import wandb

        self.run_id = run_id or secrets.token_hex(4)
        """The run's id on W&B, which is used to resume it."""
        self._warned: set[str] = set()
        self._close_timeout = finish_timeout + 10.0
        self._run = self._start(
            mode or os.environ.get("WANDB_MODE", "online"),
            dir=str(folder),
            project=project,
            entity=entity,
            name=name,
            group=group,
            tags=list(tags),
            config=dict(config or {}),
            id=self.run_id,
            resume="allow",
            settings=wandb.Settings(
                console="off",  # the bar's control characters do not belong in a log
                quiet=True,
                disable_job_creation=True,
                init_timeout=init_timeout,
                finish_timeout=finish_timeout,
            ),
        )
        self._calls = BackgroundCalls("wandb", QUEUE_SIZE)
        self._enqueue("set up", self._define_metrics)

    @property
    def url(self) -> str | None:
        """Address of the run on W&B; None for a run that is not online."""
        return self._run.url if self._run and not (self._run.offline or self._run.disabled) else None

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        """Log metrics at a timestep."""
        self._enqueue("log", partial(self._log, {**values, "timestep": timestep}))

    def film(self, name: str, path: Path, timestep: int) -> None:
        """Upload a film."""
        self._enqueue("log", partial(self._log_film, name, path, timestep))

    def artifact(self, name: str, path: Path, timestep: int, kind: str) -> None:
        """Upload a file or a folder with everything in it as a version of the artifact `<kind>-<run id>`."""
        if self._run:
            # The files are copied now, in this thread, because a checkpoint may be removed soon.
            self._guard("log", partial(self._log_artifact, self._run, name, path, timestep, kind))

    def flush(self) -> None:
        """Do nothing: W&B stores its data on the disk itself, and waiting could block the run."""

    def close(self, status: str) -> None:
        """Upload the rest, for at most the finish timeout, and mark the run as finished or failed."""
        finish = partial(self._finish, 0 if status == "finished" else 1)
        self._enqueue("finish", finish, timeout=self._close_timeout)
        if not self._calls.stop(self._close_timeout):
            self._warn("finish", "it did not answer; upload the rest with `wandb sync`")
        self._run = None

    def _start(self, mode: str, **arguments: Any) -> "wandb.Run | None":
        import wandb

        if mode not in ("offline", "disabled"):
            try:
                return _init_online(**arguments)
            except Exception as error:  # noqa: BLE001 - W&B raises far more than its own errors
                self._warn("go online", f"{error}. The run is kept offline; upload it with `wandb sync`")
            wandb.teardown()  # otherwise, the failed start keeps the run's id
        try:
            return wandb.init(mode="disabled" if mode == "disabled" else "offline", **arguments)
        except Exception as error:  # noqa: BLE001
            self._warn("start", f"{error}. Nothing of this run goes to W&B")
            return None

    def _define_metrics(self, run: "wandb.Run") -> None:
        run.define_metric("timestep")
        run.define_metric("*", step_metric="timestep")

    def _log(self, values: Mapping[str, object], run: "wandb.Run") -> None:
        run.log(dict(values))

    def _log_film(self, name: str, path: Path, timestep: int, run: "wandb.Run") -> None:
        import wandb

        run.log({name: wandb.Video(str(path)), "timestep": timestep})

    def _log_artifact(self, run: "wandb.Run", name: str, path: Path, timestep: int, kind: str) -> None:
        import wandb

        artifact = wandb.Artifact(f"{kind}-{self.run_id}", kind, metadata={"timestep": timestep})
        if path.is_dir():
            artifact.add_dir(str(path))
        else:
            artifact.add_file(str(path))
        self._enqueue("log", lambda run: run.log_artifact(artifact, aliases=[name, "latest"]))

    def _finish(self, exit_code: int, run: "wandb.Run") -> None:
        run.finish(exit_code=exit_code)

    def _enqueue(self, action: str, call: Callable[["wandb.Run"], object], timeout: float = 0.0) -> None:
        if not self._run:
            return
        if not self._calls.put(partial(self._guard, action, partial(call, self._run)), timeout):
            self._warn("keep up", "its queue is full and records are dropped; they are all in progress.csv")

    def _guard(self, action: str, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever W&B raises must not stop the training
            self._warn(action, str(error))

    def _warn(self, action: str, reason: str) -> None:
        if action not in self._warned:
            self._warned.add(action)
            reason = " ".join(reason.split())
            warnings.warn(f"W&B could not {action}: {reason}.", RuntimeWarning, stacklevel=2)


def _init_online(**arguments: Any) -> "wandb.Run":
    # If packets are lost, W&B's own usage statistics would delay the end of the process by 20 s.
    os.environ.setdefault("OTEL_SDK_DISABLED", "true")
    import wandb

    if not wandb.login(
        prompt=False, verify=False
    ):  # without this, `wandb.init` would ask for a key on a terminal
        raise wandb.errors.UsageError("nobody is logged in; run `wandb login` or set WANDB_API_KEY")
    return wandb.init(mode="online", **arguments)
