"""The section `unity` of config.yml as overrides of an experiment that starts Unity builds."""

import json
from collections.abc import Iterator, Set
from typing import TYPE_CHECKING, Any

from rl_pipeline.config.errors import MISSING
from rl_pipeline.config.key_schema import value_at

if TYPE_CHECKING:
    from rl_pipeline.config.launcher import LauncherConfig, UnityBuild
    from rl_pipeline.config.loading import LoadedConfig

ARGUMENTS = {"pause": "--pause", "sample_time": "--sample-time", "time_scale": "--time-scale"}
"""Keys of config.yml that a build gets on its command line, as from `rl-pipeline unity`."""
SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "unity": {"headless_mode": ("headless",), "time_scale": ("engine", "time_scale")},
    "unity_ros": {"headless_mode": ("headless",)},
}
"""By backend, the keys of config.yml that have a counterpart in the experiment's section."""


def build_arguments(unity: "UnityBuild", keys: Set[str] | None = None) -> list[str]:
    """Convert the settings of config.yml to arguments of a build.

    Args:
        unity: The section.
        keys: The keys to convert; None for all.
    """
    wanted = [
        (option, getattr(unity, key)) for key, option in ARGUMENTS.items() if keys is None or key in keys
    ]
    return [str(word) for pair in wanted for word in pair]


def unity_overrides(launcher: "LauncherConfig", overrides: list[str]) -> list[str]:
    """Return the overrides by config.yml for an experiment whose training starts Unity builds.

    Keys that the experiment or the command line sets stay unchanged, and so do keys that config.yml does not set.

    Args:
        launcher: config.yml.
        overrides: The overrides of the command line.
    """
    from rl_pipeline.config.loading import load_config

    written = launcher.unity.model_dump(exclude_unset=True, exclude_none=True).keys()
    if not written:
        return []
    loaded = load_config(launcher.experiment, overrides)
    backend = loaded.config.environment.backend
    section = loaded.config.environment.section
    build = getattr(section, "build_path", None) or launcher.unity.build_path
    if backend not in SETTINGS or build is None:
        return []
    changes = dict(_changes(launcher.unity, loaded, backend, written))
    if getattr(section, "build_path", None) is None:
        changes["build_path"] = build
    return [f"environment.{backend}.{key}={json.dumps(value)}" for key, value in changes.items()]


def _changes(
    unity: "UnityBuild", loaded: "LoadedConfig", backend: str, written: Set[str]
) -> Iterator[tuple[str, Any]]:
    """Yield keys below the backend's section, and their values."""
    for key, path in SETTINGS[backend].items():
        if key in written and value_at(loaded.raw, ("environment", backend, *path)) is MISSING:
            yield ".".join(path), getattr(unity, key)
    given = getattr(loaded.config.environment.section, "arguments", [])
    keys = {
        key for key in written & ARGUMENTS.keys() - SETTINGS[backend].keys() if ARGUMENTS[key] not in given
    }
    if keys:
        yield "arguments", [*given, *build_arguments(unity, keys)]
