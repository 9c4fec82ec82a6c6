"""Trust in code and programs of downloaded runs, which are executed only if the user trusts them."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.loading import load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.run.executed_code import executed_by, reached_by
from rl_pipeline.tracking.wandb_download import MARK

_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


@contextmanager
def trusting_code(trusted: bool) -> Iterator[None]:
    """Allow or forbid code of downloaded runs inside the `with` block; outside, it is forbidden."""
    token = _trusted.set(trusted)
    try:
        yield
    finally:
        _trusted.reset(token)


def require_trust(config: Config, path: Path) -> None:
    """Refuse a downloaded configuration that executes something, unless its code is trusted.

    Call it before a configuration that was read from a run is used.

    Args:
        config: The configuration.
        path: The folder or file that it was read from.

    Raises:
        ConfigError: It is in a downloaded folder, executes something, and is not trusted.
    """
    origin = downloaded_from(path)
    if origin is None or _trusted.get():
        return
    executed = [*executed_by(config), *reached_by(config)]
    if not executed:
        return
    listed = "; ".join(map(str, executed))
    message = f"was downloaded from {origin} and would execute code or act outside this process: {listed}"
    remedy = (
        "look at these; if you trust them like a program, add --trust-code (ROS nodes: -p trust_code:=true)"
    )
    raise ConfigError([Problem("RUN", message, str(path), remedy=remedy)])


def require_trust_of_file(file: Path, overrides: Sequence[str] = ()) -> None:
    """Refuse a YAML file in a downloaded folder like the run that it belongs to; see `require_trust`.

    Raises:
        ConfigError: It executes something and is not trusted, or it does not load.
    """
    if downloaded_from(file) is not None:
        require_trust(load_config(file, overrides).config, file)


def downloaded_from(path: Path) -> str | None:
    """Return where a file or folder was downloaded from; None if it was not downloaded.

    The mark of a folder applies to everything in it, including folders that look like separate runs.
    """
    resolved = path.resolve()
    mark = next((one / MARK for one in [resolved, *resolved.parents] if os.path.lexists(one / MARK)), None)
    if mark is None:
        return None
    try:
        return str(json.loads(mark.read_text())["from"])
    except (OSError, ValueError, KeyError, TypeError):
        return "an unknown place"
