"""Check of installed versions against constraints.txt, which lists versions that were tested together."""

import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rl_pipeline.doctor.finding import Finding

PYTHONS = ((3, 11), (3, 12))
PROJECT = Path(__file__).parents[2]
CONSTRAINTS = PROJECT / "constraints.txt"


def check() -> list[Finding]:
    """Compare Python and the packages with the tested versions."""
    return [python_version(), packages(pinned_versions(CONSTRAINTS))]


def python_version() -> Finding:
    """Compare the version of Python."""
    if sys.version_info[:2] in PYTHONS:
        return Finding("python", "ok", f"{platform.python_version()} at {sys.prefix}")
    remedy = "install Python 3.11 or 3.12, name it in RL_PIPELINE_PYTHON and run `bash launch_node.bash`"
    return Finding("python", "error", f"{platform.python_version()}; 3.11 or 3.12 is needed", remedy)


def packages(pins: dict[str, str]) -> Finding:
    """Compare the installed packages.

    Args:
        pins: The version of each package, by its canonical name.
    """
    missing = [name for name in required_packages() if installed_version(name) is None]
    if missing:
        text = f"not installed: {', '.join(sorted(missing))}"
        return Finding("packages", "error", text, installation(missing, pins))
    if not pins:
        return Finding(
            "packages", "ok", "installed; no constraints.txt was found to compare the versions with"
        )
    found = {name: installed_version(name) for name in pins}
    differing = [
        name
        for name, pin in sorted(pins.items())
        if found[name] is not None and (found[name] or "").partition("+")[0] != pin
    ]
    if differing:
        versions = ", ".join(f"{name} {found[name]} instead of {pins[name]}" for name in differing)
        text = f"not as in constraints.txt: {versions}"
        return Finding("packages", "warning", text, installation(differing, pins))
    return Finding("packages", "ok", f"{sum(map(bool, found.values()))} packages as in constraints.txt")


def installation(names: list[str], pins: dict[str, str]) -> str:
    """Return the command that installs packages; the launchers check packages only when constraints.txt changes."""
    wanted = [
        f"{name}=={pins[name]}" if name in pins else name for name in sorted(map(canonicalize_name, names))
    ]
    return f"`{shlex.join([sys.executable, '-m', 'pip', 'install', *wanted])}`"


def pinned_versions(constraints: Path) -> dict[str, str]:
    """Read `name==version` lines; an installation without the repository has no such file."""
    if not constraints.exists():
        return {}
    lines = [line.partition("#")[0].strip() for line in constraints.read_text().splitlines()]
    requirements = [Requirement(line) for line in lines if line]
    return {
        canonicalize_name(one.name): next(iter(one.specifier)).version
        for one in requirements
        if one.marker is None or one.marker.evaluate()
    }


def required_packages() -> list[str]:
    """List the packages for training; other checks report the packages of other extras."""
    requirements = [Requirement(line) for line in requires("rl-pipeline") or []]
    return [one.name for one in requirements if one.marker is None or one.marker.evaluate({"extra": "train"})]


def installed_version(name: str) -> str | None:
    """Return the version of a package, None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
