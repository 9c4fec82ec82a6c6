"""The documentation site builds without a warning, loads nothing from elsewhere and holds the generated reference."""

import html
import importlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from mkdocs.config import load_config

from rl_pipeline.commands import COMMANDS
from tests.documentation import ROOT

ELSEWHERE = re.compile(r"(?:https?:)?//")
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
"""Which attribute of which tag a browser fetches by itself."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    return folder


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts" / "docs_site")
    return importlib.import_module("hooks")


class Fetched(HTMLParser):
    """Collects what a browser fetches to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name == LOADS.get(tag) and value]


def pages_of(nav: list[dict[str, object]]) -> list[str]:
    pages = []
    for entry in nav:
        [target] = entry.values()
        pages += pages_of(target) if isinstance(target, list) else [str(target)]
    return pages


def text_of(page: Path) -> str:
    return re.sub(r"<[^>]+>", "", page.read_text())


def test_every_page_of_the_navigation_is_built(site: Path) -> None:
    pages = pages_of(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    assert len(pages) > 20
    missing = [page for page in pages if not (site / page).with_suffix(".html").exists()]
    assert not missing


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        fetched = Fetched()
        fetched.feed(page.read_text())
        assert fetched.addresses
        assert not [address for address in fetched.addresses if ELSEWHERE.match(address)], page.name


def test_no_style_sheet_loads_anything_from_another_host(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        addresses = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", sheet.read_text())
        assert not [address for address in addresses if ELSEWHERE.match(address)], sheet.name


def rows_of(page: Path) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page.read_text(), re.S)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def test_the_reference_holds_every_key_of_the_schema(site: Path) -> None:
    rows = {row[0]: row[1:] for row in rows_of(site / "reference" / "configuration.html") if row}
    definitions = json.loads((ROOT / "configs" / "schema.json").read_text())["$defs"]
    names = {name for definition in definitions.values() for name in definition.get("properties", {})}
    assert names <= {part for key in rows for part in key.split(".")}
    assert "training.algorithm_parameters" in rows
    assert "training.schedules.NAME.end_fraction" in rows
    assert "environment.randomization.pushes.interval" in rows
    assert rows["environment.ros_topics.actions.0.low"][:2] == ["a number", "required"]
    assert rows["environment.render_mode"][:2] == ["rgb_array, human, null", "null"]
    assert rows["training.engine"][:2] == ["fast, stock", '"fast"']
    launcher = {row[0] for row in rows_of(site / "reference" / "launcher.html") if row}
    assert launcher >= {"experiment", "ros.node_name", "unity.build_path"}
    robot = {row[0] for row in rows_of(site / "reference" / "robot.html") if row}
    assert robot >= {"deploy.rate", "deploy.commands.0.max_change", "deploy.safety.emergency_stop"}


def test_the_tables_of_keys_in_the_repository_are_up_to_date(tmp_path: Path) -> None:
    committed = ROOT / "docs" / "reference"
    for page in committed.glob("*.md"):
        (tmp_path / page.name).write_text(page.read_text())
    script = ROOT / "scripts" / "docs_site" / "write_keys.py"
    result = subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True, text=True)
    assert result.stdout == "", "renew them: python scripts/docs_site/write_keys.py"
    (tmp_path / "robot.md").write_text("<!-- keys of a robot -->\nold\n<!-- end -->\n")
    subprocess.run([sys.executable, script, tmp_path], check=True)
    assert "| `deploy.rate` |" in (tmp_path / "robot.md").read_text()
    for name in ("configuration", "launcher", "robot"):
        assert "\n| Key | Values | Default | Meaning |\n" in (committed / f"{name}.md").read_text()


def test_the_reference_holds_every_command_and_option(site: Path) -> None:
    page = site / "reference" / "commands.html"
    headings = re.findall(r'<h2 id="[^"]*">(rl-pipeline[^<]*)', page.read_text())
    assert {heading.split()[1] for heading in headings} == {command.NAME for command in COMMANDS}
    assert "rl-pipeline doctor" in headings
    assert "rl-pipeline bench stepping" in headings
    assert ["--quiet", "print only errors"] in rows_of(page)
    assert "--resume RUN|auto" in [row[0] for row in rows_of(page) if row]


def test_the_reference_holds_what_users_write_against(site: Path) -> None:
    text = text_of(site / "reference" / "python.html")
    for name in ("make_vector_env", "TopicTask", "StatefulWrapper", "BaseFeaturesExtractor", "RLTrainer"):
        assert name in text


def test_the_page_on_unity_is_that_of_its_folder(site: Path) -> None:
    assert "From an empty project to a trained policy" in text_of(site / "unity.html")


@pytest.mark.parametrize(
    "address",
    [
        "https://code.example.org/robots/stack.git",
        "https://reader:secret@code.example.org/robots/stack",
        "git@code.example.org:robots/stack.git",
        "ssh://git@code.example.org/robots/stack.git",
    ],
)
def test_the_site_links_to_the_repository_of_its_clone(
    hooks: ModuleType, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "remote", lambda folder: address)
    config = hooks.on_config(load_config(str(ROOT / "mkdocs.yml")))
    assert (config.repo_url, config.repo_name) == ("https://code.example.org/robots/stack", "robots/stack")


def test_a_clone_of_a_folder_has_no_link(hooks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "remote", lambda folder: "/home/reader/stack.git")
    assert hooks.on_config(load_config(str(ROOT / "mkdocs.yml"))).repo_url is None


def test_keys_break_after_a_dot(site: Path) -> None:
    page = (site / "reference" / "configuration.html").read_text()
    assert "<td><code>training.<wbr>algorithm_parameters</code></td>" in page


def test_the_search_finds_the_parts_of_keys_and_commands(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text())
    separator = re.compile(index["config"]["separator"])
    places = {document["location"]: document["title"] + " " + document["text"] for document in index["docs"]}

    def words(location: str) -> set[str]:
        text = html.unescape(re.sub(r"<[^>]+>", "", places[location])).lower()
        return set(separator.split(text))

    assert {"rl", "pipeline", "eval"} <= words("reference/commands.html#rl-pipeline-eval")
    assert {"training", "checkpoint", "keep_best"} <= words("reference/configuration.html#trainingcheckpoint")


def test_no_markup_is_shown_as_text(site: Path) -> None:
    for page in site.rglob("*.html"):
        for paragraph in re.findall(r"<p>(.*?)</p>", page.read_text(), re.S):
            assert not re.match(r"!!! |\?\?\? |[-*] |\d+\. |\| ", paragraph), f"{page.name}: {paragraph[:80]}"
