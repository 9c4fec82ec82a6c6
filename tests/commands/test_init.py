"""What `rl-pipeline init` writes, and that it replaces nothing unasked."""

import importlib
import json
from pathlib import Path

import pytest

from rl_pipeline.cli import main
from rl_pipeline.commands.init import KINDS
from rl_pipeline.config.loading import load_config
from rl_pipeline.run.preflight import CHECKS
from tests.documentation import DOCS, ROOT, blocks

SCHEMA_LINE = "# yaml-language-server: $schema=schema.json\n"
PAGES = {
    "experiment": DOCS / "quick_start.md",
    "environment": DOCS / "own_environment.md",
    "network": DOCS / "own_network.md",
    "robot": DOCS / "own_robot.md",
}
"""The pages that explain the files."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("# ")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_are_those_that_the_documentation_explains(project: Path, kind: str) -> None:
    assert main(["init", kind]) == 0
    stem = KINDS[kind].stem
    text = (project / "configs" / f"{stem}.yaml").read_text()
    assert text.startswith(SCHEMA_LINE)
    assert without_comments(text) == without_comments(blocks(PAGES[kind], "yaml")[0])
    module = project / f"{stem}.py"
    assert module.exists() == (kind != "experiment")
    if module.exists():
        assert without_comments(module.read_text()) == without_comments(blocks(PAGES[kind], "python")[0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_of_another_name_is_valid(project: Path, kind: str) -> None:
    assert main(["init", kind, "--name", "my_thing"]) == 0
    config = load_config(Path("configs/my_thing.yaml"), checks=CHECKS).config
    assert config.experiment.name == "my_thing"
    for file in project.glob("my_thing.*"):
        assert KINDS[kind].stem not in file.name
        assert file.suffix != ".py" or "MyThing(" in file.read_text()


def test_the_editor_finds_schema_and_settings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    assert (project / "configs" / "schema.json").read_text() == (ROOT / "configs" / "schema.json").read_text()
    settings = json.loads((project / ".vscode" / "settings.json").read_text())
    assert settings["yaml.schemas"] == {"configs/schema.json": "configs/*.yaml"}
    [launch] = json.loads((project / ".vscode" / "launch.json").read_text())["configurations"]
    assert importlib.util.find_spec(launch["module"]) is not None
    assert "rl-pipeline train --config configs/pendulum.yaml" in capsys.readouterr().out


def test_nothing_is_replaced_unasked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text("{}")
    (project / "gated.py").write_text("mine")
    assert main(["init", "network"]) == 2
    assert "would replace gated.py; give another --name, or add --force" in capsys.readouterr().err
    assert sorted(path.name for path in project.iterdir()) == [".vscode", "gated.py"]
    assert main(["init", "network", "--force"]) == 0
    assert (project / "gated.py").read_text() != "mine"
    assert (project / ".vscode" / "settings.json").read_text() == "{}"
    assert ".vscode/settings.json (kept; the file of this version differs)" in capsys.readouterr().out


def test_another_folder_is_made(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "robot", "--folder", "robots/rover", "--name", "rover"]) == 0
    assert "cd robots/rover" in capsys.readouterr().out
    names = {path.name for path in (project / "robots" / "rover").iterdir()}
    assert names == {".vscode", "configs", "rover.py", "rover.xml"}
    assert 'model="rover"' in (project / "robots" / "rover" / "rover.xml").read_text()


@pytest.mark.parametrize("name", ["My-Robot", "class", "../robot", "json", "numpy"])
def test_names_that_cannot_be_imported_are_refused(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["init", "robot", "--name", name])
    except SystemExit as error:  # of argparse
        status = int(str(error.code))
    assert status == 2
    assert name in capsys.readouterr().err
    assert not list(project.iterdir())
