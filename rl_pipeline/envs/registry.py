"""Known environments, and problems of unknown ids."""

import contextlib
import importlib
import importlib.util
import io
import logging
import re

import gymnasium
from gymnasium.envs.registration import EnvSpec, get_env_id, parse_env_id, registry

from rl_pipeline.config.errors import Problem, nearest

logger = logging.getLogger(__name__)

KEY = "environment.id"

PROVIDERS = {"gymnasium_robotics": "gymnasium-robotics", "ale_py": "ale-py"}
"""Modules with environments, and the packages that contain them."""

NAMESPACES = {
    "ALE": "ale-py",
    "dm_control": "shimmy[dm-control]",
    "phys2d": "gymnasium[jax]",
    "tabular": "gymnasium[jax]",
}
"""Packages to install for the environments of a namespace, the part of an id before the slash."""

MODULES = {
    "gymnasium.envs.phys2d": "jax",
    "gymnasium.envs.tabular": "jax",
    "gymnasium.envs.box2d": "Box2D",
    "gymnasium_robotics.envs.mujoco.": "mujoco_py",
}
"""Modules that environments import and that may not be installed."""


def register_environments() -> None:
    """Register the environments of all installed providers, without importing them."""
    for module in PROVIDERS:
        if importlib.util.find_spec(module) is None:
            continue
        notice = io.StringIO()  # gymnasium_robotics prints a notice for every environment
        with contextlib.redirect_stderr(notice):
            gymnasium.register_envs(importlib.import_module(module))
        if notice.getvalue():
            logger.info("%s: %s", module, notice.getvalue().strip())


def find_spec(environment_id: str) -> EnvSpec | None:
    """Return the registered environment of this id; None if it does not exist.

    Args:
        environment_id: e.g. `HalfCheetah-v5`, `ALE/Pong-v5`, or `module:Env-v0` for an environment that importing
            the module registers.

    Raises:
        ImportError: the module before the colon cannot be imported.
    """
    module, _, name = environment_id.rpartition(":")
    if module:
        importlib.import_module(module)
    if name not in registry:
        register_environments()
    return registry.get(name)


def list_environments() -> list[str]:
    """List the ids that can be made here, with the newest version of each environment."""
    register_environments()
    newest = {newest_version(spec) for spec in registry.values() if _is_installed(spec)}
    return sorted(newest)


def newest_version(spec: EnvSpec) -> str:
    """Return the id of the newest version of an environment."""
    versions = [
        other.version
        for other in registry.values()
        if (other.namespace, other.name) == (spec.namespace, spec.name)
    ]
    return get_env_id(spec.namespace, spec.name, max((v for v in versions if v is not None), default=None))


def unknown_environment_problem(environment_id: str) -> Problem:
    """Return the problem of an id that is not registered, with the nearest registered id."""
    register_environments()
    name = environment_id.rpartition(":")[2]
    known = list_environments()
    try:
        namespace, base, version = parse_env_id(name)
    except gymnasium.error.Error:
        remedy = "write the id of a registered environment, package.module:Class or path/to/file.py:Class"
        return Problem(
            KEY,
            "is not the id of an environment",
            environment_id,
            nearest=nearest(name, known),
            remedy=remedy,
        )
    same = [spec for spec in registry.values() if (spec.namespace, spec.name) == (namespace, base)]
    if same:
        versions, newest = sorted(spec.id for spec in same if _is_installed(spec)), newest_version(same[0])
        message = f"{base} has no version v{version}" if version is not None else "names no version"
        return Problem(KEY, message, environment_id, versions, newest, f"write {newest}")
    if namespace is not None and not any(spec.namespace == namespace for spec in registry.values()):
        package = NAMESPACES.get(namespace)
        remedy = (
            f"install it: pip install '{package}'" if package else "install the package that registers it"
        )
        return Problem(
            KEY, f"no environment of the namespace {namespace} is installed", environment_id, remedy=remedy
        )
    remedy = "`rl-pipeline list envs` lists all environments; name your own class as path/to/file.py:Class"
    return Problem(
        KEY, "unknown environment", environment_id, nearest=_nearest_id(name, known), remedy=remedy
    )


def dependency_problem(environment_id: str, error: Exception) -> Problem:
    """Return the problem of a missing package, or of an outdated version."""
    spec = registry.get(environment_id.rpartition(":")[2])
    newest = newest_version(spec) if spec is not None else environment_id
    if spec is not None and newest != spec.id and re.search("mujoco[_-]py|mujoco v2 and v3", str(error)):
        message = f"v{spec.version} needs the abandoned package mujoco-py"
        return Problem(KEY, message, environment_id, nearest=newest, remedy=f"write {newest}")
    command = re.search(r"pip install [\"']?[\w\[\]~=<>.,-]+[\"']?", str(error))
    package = NAMESPACES.get(spec.namespace or "") if spec is not None else None
    remedy = f"pip install '{package}'" if package else "install the missing package"
    remedy = command.group() if command else remedy
    return Problem(KEY, f"cannot be made, a package is missing: {error}", environment_id, remedy=remedy)


def _is_installed(spec: EnvSpec) -> bool:
    if not isinstance(spec.entry_point, str):
        return False  # a stub that raises the advice to install something
    if "MujocoPy" in spec.entry_point:
        return importlib.util.find_spec("mujoco_py") is not None
    needed = [package for module, package in MODULES.items() if spec.entry_point.startswith(module)]
    return all(importlib.util.find_spec(package) is not None for package in needed)


def _nearest_id(name: str, known: list[str]) -> str | None:
    """Compare without versions, so that `HalfCheetah-v5` is found for `HalfCheeta-v2`."""
    by_base = {re.sub(r"-v\d+$", "", key): key for key in known}
    match = nearest(re.sub(r"-v\d+$", "", name), by_base)
    return by_base[match] if match else None
