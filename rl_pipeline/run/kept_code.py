"""Copies of the code of a run's environment and networks in the run, with a check that they are complete."""

import logging
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.gymnasium.make import environment_creator
from rl_pipeline.envs.mujoco.model_files import MODEL_SUFFIXES, model_files
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.own_modules import forget_own_files, import_own_file, import_root, own_files
from rl_pipeline.rendering.gl import RenderingUnavailable
from rl_pipeline.run.callback_list import CallbackList
from rl_pipeline.run.code_copy import (
    CodeCopy,
    absolute_path,
    copy_files,
    files_below,
    is_hidden,
    is_installed,
)
from rl_pipeline.run.environments import make_evaluation_env
from rl_pipeline.run.file_record import FileRecord, recorded
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.user_code import FOLDER, argument_paths, code_files, replace_paths

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OwnFiles:
    """Files that a user's classes need.

    Attributes:
        roots: Folders in which the imports of the classes' files start.
        certain: Files in these folders, files that arguments name, and all files of their models.
        possible: Other files that were read: they are copied if the classes look for them beside themselves.
    """

    roots: frozenset[Path]
    certain: frozenset[Path]
    possible: frozenset[Path]


def keep_user_code(config: Config, run: RunFolder) -> Config:
    """Copy every file that the configuration's own classes need into the run.

    The environment and the networks are built twice: from the user's files, to see which files are read, and from the
    copies, to check that nothing else is needed. Files that are already in the run are not copied again.

    Returns:
        The configuration with the paths of the copies.

    Raises:
        ConfigError: The copies are incomplete or too large; the message says what to change.
    """
    copies = run.path / FOLDER
    if all(path.resolve().is_relative_to(copies) for path in [*code_files(config), *argument_paths(config)]):
        return config
    files = _find_files(config, copies)
    if not files.certain | files.possible:
        return config
    copy = copy_files(files.certain, files.roots, copies)
    try:
        if missing := files.possible and files.possible - _reads_of(_with_copies(config, copy)):
            copy.remove()
            copy = copy_files(files.certain | missing, files.roots, copies)
        kept = _with_copies(config, copy)
        _prove(kept, files, copies)
    except BaseException:
        copy.remove()
        raise
    return kept


def _find_files(config: Config, copies: Path) -> OwnFiles:
    """Build everything from the user's files, and sort the files that were read."""
    code = [path.resolve() for path in code_files(config) if path.is_file()]
    named = [path for path in argument_paths(config) if not is_installed(path)]
    kept = [absolute_path(Path(text)) for text in config.experiment.keep]
    if absent := [path for path in kept if not path.exists()]:
        raise ConfigError([Problem("experiment.keep", "does not exist", str(path)) for path in absent])
    roots = frozenset(import_root(path) for path in code)
    for root in roots:
        forget_own_files(root)  # files that a module reads during its import are needed as well
    start = time.time()
    record = _record(config)
    mine = {path for path in record.read | record.models if _is_of_user(path, roots, start, copies)}
    asked_for = record.read_by_own_code | record.models
    certain = {path for path in mine if _is_below(path, roots) or _is_below(path, named)}
    possible = {path for path in mine - certain if path in asked_for}
    certain.update(*map(own_files, code), *map(files_below, kept))
    certain |= _with_assets(certain)
    certain = {path for path in certain if not path.is_relative_to(copies)}
    return OwnFiles(roots, frozenset(certain), frozenset(possible | _with_assets(possible)))


def _with_assets(files: Iterable[Path]) -> set[Path]:
    """Return the files of all models among some files.

    Raises:
        ConfigError: A model names a file in a way that no copy can follow.
    """
    models = (path for path in files if path.suffix.lower() in MODEL_SUFFIXES)
    return {file for model in models for file in model_files(model) if not is_installed(file)}


def _with_copies(config: Config, copy: CodeCopy) -> Config:
    def replace(text: str) -> str:
        path = Path(text).expanduser()
        may_be_path = len(path.parts) > 1 or path.suffix
        found = copy.of(path.resolve()) or copy.of(absolute_path(path)) if may_be_path else None
        return str(found) if found is not None else text

    return replace_paths(config, replace)


def _prove(config: Config, files: OwnFiles, copies: Path) -> None:
    """Build everything from the copies.

    Raises:
        ConfigError: It cannot be built, or files in the user's folders are still read.
    """
    start = time.time()
    try:
        record = _record(config)
    except RenderingUnavailable:
        raise
    except Exception as error:
        reason = (
            "\n".join(problem.message for problem in error.problems)
            if isinstance(error, ConfigError)
            else error
        )
        message = f"the run's copy of your code is incomplete: {reason}"
        remedy = "name the missing files or their folder in experiment.keep"
        raise ConfigError([Problem("environment", message, remedy=remedy)]) from error
    read = record.read_by_own_code | record.models
    outside = {path for path in read if _is_of_user(path, files.roots, start, copies)}
    if left := sorted(path for path in outside if _is_below(path, files.roots)):
        message = f"your code reads {left[0]} by a path that does not start at its own file: a copy would not find it"
        remedy = (
            f'write Path(__file__).with_name("{left[0].name}"), or give the path as an argument under kwargs'
        )
        raise ConfigError([Problem("environment", message, remedy=remedy)])
    for path in sorted(outside):
        logger.warning(
            "your code reads %s by an absolute path: the run has no copy of it and needs it there", path
        )


def _reads_of(config: Config) -> set[Path]:
    """Return the files that are read to build a configuration, up to the point of a failure."""
    with recorded(_roots(config)) as record:
        try:
            _build(config)
        except Exception as error:  # noqa: BLE001 - built again with more files, and reported then
            logger.debug("the first copy is incomplete: %s", error)
    return record.read | record.models


def _record(config: Config) -> FileRecord:
    with recorded(_roots(config)) as record:
        _build(config)
    return record


def _roots(config: Config) -> list[Path]:
    return [import_root(path.resolve()) for path in code_files(config)]


def _build(config: Config) -> None:
    """Make callbacks, an environment, a picture of it, and networks; only import classes that run elsewhere."""
    CallbackList(config.training.callbacks)
    if not config.environment.traits.in_process:
        for file in code_files(config):
            import_own_file(file.resolve())
        return
    with closing(make_evaluation_env(config, 1, render_mode=_render_mode(config))) as env:
        spaces = env.single_observation_space, env.single_action_space
        learner_class(config.training).for_acting(config.training, *spaces)
        if env.render_mode is not None:
            env.render()


def _render_mode(config: Config) -> str | None:
    """Choose rendering for Gymnasium's classes that support it, since rendering may read files."""
    if config.environment.backend != "gymnasium":
        return None
    metadata = getattr(environment_creator(config.environment.id), "metadata", None) or {}
    return "rgb_array" if "rgb_array" in metadata.get("render_modes", ()) else None


def _is_of_user(path: Path, roots: Iterable[Path], start: float, copies: Path) -> bool:
    """Return whether a file is a user's: not installed, not in a cache, not a copy, and not just written."""
    if (
        not path.is_file()
        or is_installed(path)
        or path.is_relative_to(copies)
        or path.stat().st_mtime >= start
    ):
        return False
    inside = next((path.relative_to(root) for root in roots if path.is_relative_to(root)), path)
    return not is_hidden(inside)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
