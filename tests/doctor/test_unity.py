from pathlib import Path

import pytest

from rl_pipeline.doctor import unity


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment.yaml").write_text("environment: {id: CartPole-v1}\n")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "config.yml").write_text(f"experiment: experiment.yaml\n{text}\n")


def test_without_a_launcher_file_no_build_is_named(folder: Path) -> None:
    assert unity.check()[0].level == "ok"


def test_a_missing_build_is_an_error(folder: Path) -> None:
    write(folder, "unity: {build_path: unity_build/Tank.x86_64}")
    (finding,) = unity.check()
    assert finding.level == "error"
    assert "unity_build/Tank.x86_64" in finding.text
    assert "unity.build_path" in finding.remedy


def test_chmod_is_the_remedy_for_a_build_that_is_not_executable(folder: Path) -> None:
    write(folder, "unity: {build_path: Tank.x86_64}")
    (folder / "Tank.x86_64").write_text("#!/bin/sh\n")
    (finding,) = unity.check()
    assert finding.remedy == "chmod +x 'Tank.x86_64'"
    (folder / "Tank.x86_64").chmod(0o755)
    assert unity.check()[0].level == "ok"


def test_mistakes_in_the_launcher_file_are_shown(folder: Path) -> None:
    write(folder, "unity: {build_paht: x}")
    (finding,) = unity.check()
    assert finding.level == "error"
    assert "build_path" in finding.text
