import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
# torch pins its CUDA packages itself, and they are not there on every machine.
PINNED_BY_TORCH = ("cuda-", "nvidia-", "triton")
PYTHONS = ("3.11.2", "3.12.3")
"""Of Debian 12 and Ubuntu 24.04."""
INSTALLED_EXTRAS = (
    "dashboard",
    "docs",
    "jax",
    "mpi",
    "nevergrad",
    "postgresql",
    "ros",
    "test",
    "train",
    "unity",
)


def read_pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def read_requirements() -> list[Requirement]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    texts = project["dependencies"] + pyproject["build-system"]["requires"]
    for extra in INSTALLED_EXTRAS:
        texts += project["optional-dependencies"][extra]
    requirements = [Requirement(text) for text in texts]
    return [one for one in requirements if one.name != project["name"]]  # the extra `test` names other extras


def installed_closure() -> set[str]:
    """Returns the names of everything that the requirements pull in, in this environment."""
    installed = {canonicalize_name(d.metadata["Name"]): d for d in distributions()}
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [(r.name, frozenset(r.extras)) for r in read_requirements()]
    while waiting:
        name, extras = waiting.pop()
        name = canonicalize_name(name)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        for requirement in map(Requirement, installed[name].requires or []):
            environments = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return {name for name, _ in found}


@pytest.mark.parametrize("requirement", read_requirements(), ids=lambda r: r.name)
def test_every_requirement_of_the_project_has_a_pin_that_fits(requirement: Requirement) -> None:
    assert requirement.specifier.contains(read_pins()[canonicalize_name(requirement.name)])


def test_pins_are_exact_sorted_and_spelled_canonically() -> None:
    names = list(read_pins())
    assert names == sorted(map(canonicalize_name, names))


def test_everything_that_is_pulled_in_is_pinned_and_nothing_else() -> None:
    needed = {name for name in installed_closure() if not name.startswith(PINNED_BY_TORCH)}
    assert needed == set(read_pins())


def test_running_environment_has_the_pinned_versions() -> None:
    installed = {canonicalize_name(d.metadata["Name"]): d.version.split("+")[0] for d in distributions()}
    assert {name: installed.get(name) for name in read_pins()} == read_pins()


@pytest.mark.parametrize("python", PYTHONS)
def test_every_pinned_package_runs_on_the_distributions(python: str) -> None:
    needed = {d.metadata["Name"]: d.metadata["Requires-Python"] or "" for d in distributions()}
    assert {
        name: range_ for name, range_ in needed.items() if not SpecifierSet(range_).contains(python)
    } == {}
