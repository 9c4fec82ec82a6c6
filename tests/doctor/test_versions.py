import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from rl_pipeline.doctor import versions


def test_what_was_installed_is_as_in_constraints() -> None:
    assert versions.packages(versions.pinned_versions(versions.CONSTRAINTS)).level == "ok"


def test_another_version_is_named_with_the_one_that_is_wanted(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(
        "# tried together\nNumPy==0.1\nnot-installed-here==3\npsutil==1; python_version<'3'\n"
    )
    finding = versions.packages(versions.pinned_versions(constraints))
    assert finding.level == "warning"
    assert finding.text == f"not as in constraints.txt: numpy {version('numpy')} instead of 0.1"
    assert finding.remedy == f"`{sys.executable} -m pip install numpy==0.1`"


def test_missing_packages_are_installed_in_their_pinned_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "required_packages", lambda: ["gymnasium", "Not_Here", "nor-here"])
    finding = versions.packages({"not-here": "1.2"})
    assert finding.level == "error"
    assert finding.remedy.endswith("-m pip install nor-here not-here==1.2`")


def test_required_packages_hold_those_without_an_extra_only() -> None:
    required = versions.required_packages()
    assert "gymnasium" in required
    assert "pytest" not in required


def test_an_installation_without_the_repository_has_nothing_to_compare_with(tmp_path: Path) -> None:
    assert versions.packages(versions.pinned_versions(tmp_path / "constraints.txt")).level == "ok"


def test_python_is_one_that_is_supported() -> None:
    assert versions.python_version().level == "ok"
