"""Every command, YAML file and Python file in the README and in docs/ is run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
FILE_NAME = re.compile(r"^# (\S+\.(?:ya?ml|py))$", re.M)
SET_UP_ELSEWHERE = ("bash run_tests.bash", "bash launch_node.bash", "source .venv/bin/activate")
"""Run by tests/scripts and tests/test_main_job.py; the last one is what this test's PATH stands for."""


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def commands(page: Path) -> list[str]:
    lines = [line for text in blocks(page, "bash") for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README shows."""
    folder = tmp_path_factory.mktemp("reader")
    for text in blocks(ROOT / "README.md", "yaml") + blocks(ROOT / "README.md", "python"):
        name = FILE_NAME.match(text)
        assert name, f"a file in the README does not say its name:\n{text}"
        (folder / name[1]).write_text(text)
    return folder


def test_the_readme_works_from_top_to_bottom(workplace: Path) -> None:
    lines = [line for line in commands(ROOT / "README.md") if line not in SET_UP_ELSEWHERE]
    assert len(lines) > 8
    for line in lines:
        result = run(line, workplace)
        assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
        assert "Traceback" not in result.stderr, result.stderr
    for name in ("pendulum.mp4", "curves.png"):
        assert (workplace / name).stat().st_size > 10_000
    shutil.rmtree(workplace / "experiments")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_command_of_the_docs_is_left_out() -> None:
    known = {*SET_UP_ELSEWHERE, *commands(ROOT / "README.md")}
    covered_by_other_tests = {
        "rl-pipeline train --resume RUN",
        "rl-pipeline train --config FILE --resume auto",
        *commands(ROOT / "docs" / "ros.md"),  # tests/test_ros_guide.py
        *commands(ROOT / "docs" / "ros_nodes.md"),  # tests/test_ros_nodes_guide.py
        *commands(ROOT / "docs" / "ros_tcp.md"),  # tests/test_ros_tcp_guide.py
        *commands(ROOT / "docs" / "ros_robots.md"),  # tests/test_ros_robots_guide.py
        *commands(ROOT / "docs" / "mlagents.md"),  # tests/test_mlagents_guide.py
    }
    for page in PAGES:
        for line in commands(page):
            assert line in known | covered_by_other_tests, f"{page.name}: nothing runs `{line}`"
