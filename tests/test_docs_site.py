"""The documentation site builds without a warning, loads nothing from elsewhere and holds the generated reference."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

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


def test_the_reference_holds_every_key_command_and_class(site: Path) -> None:
    keys = text_of(site / "reference" / "configuration.html")
    for key in (
        "training.algorithm_parameters",
        "training.schedules.NAME.end_fraction",
        "environment.ros_topics.actions.0.low",
        "environment.randomization.pushes.interval",
    ):
        assert key in keys
    assert "unity.build_path" in text_of(site / "reference" / "launcher.html")
    commands = text_of(site / "reference" / "commands.html")
    for command in (
        "rl-pipeline train",
        "--resume RUN|auto",
        "rl-pipeline bench stepping",
        "rl-pipeline doctor",
    ):
        assert command in commands
    classes = text_of(site / "reference" / "python.html")
    for name in ("make_vector_env", "TopicTask", "StatefulWrapper", "BaseFeaturesExtractor", "RLTrainer"):
        assert name in classes


def test_the_page_on_unity_is_that_of_its_folder(site: Path) -> None:
    assert "From an empty project to a training" in text_of(site / "unity.html")
