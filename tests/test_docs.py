"""Every command, YAML file and Python file in the README and in docs/ is run as written."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.launcher import UnityBuild
from tests.documentation import DOCS, ROOT, blocks, commands, rl_pipeline, write_files

README = ROOT / "README.md"
QUICK_START = DOCS / "quick_start.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
SET_UP_ELSEWHERE = ("bash run_tests.bash", "bash launch_node.bash", "source .venv/bin/activate")
"""Run by tests/scripts and tests/test_main_job.py; the last one needs no test where commands run in this process."""
SHORT = [
    "training.training.total_timesteps=6144",
    "training.training.eval.num_evals=1",
    "training.checkpoint.num_checkpoints=1",
    "evaluation.video=false",
]
LONGER = "training.training.total_timesteps=8192"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the quick start shows."""
    folder = tmp_path_factory.mktemp("reader")
    write_files(QUICK_START, folder)
    return folder


@pytest.mark.timeout(1200)  # it trains, evaluates and films a dozen times, perhaps on a busy machine
def test_the_quick_start_works_from_top_to_bottom(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workplace)
    lines = [line for line in commands(QUICK_START) if line not in SET_UP_ELSEWHERE]
    assert len(lines) > 8
    for line in lines:
        rl_pipeline(*shortened(line))
        assert "Traceback" not in capsys.readouterr().err, line
    for name in ("pendulum.mp4", "curves.png"):
        assert (workplace / name).stat().st_size > 10_000
    shutil.rmtree(workplace / "experiments")


def shortened(line: str) -> list[str]:
    """Return a command and what makes it short; one that trains for longer still does."""
    if " train " not in line:
        return [line]
    return [line, *SHORT, *([LONGER] if "--resume pendulum" in line else [])]


def test_the_readme_fits_on_a_screen() -> None:
    lines = README.read_text().splitlines()
    assert len(lines) <= 60
    assert commands(README) == ["bash launch_node.bash", "bash run_tests.bash"]
    for row in (line for line in lines if line.startswith("| [")):
        assert re.search(r"\]\((docs/\w+|unity_build/README)\.md\)", row.split(" | ")[0]), row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_command_of_the_docs_is_left_out() -> None:
    known = {*SET_UP_ELSEWHERE, *commands(QUICK_START)}
    covered_by_other_tests = {
        "python scripts/docs_site/write_keys.py",  # tests/test_docs_site.py
        "python -m mkdocs serve",  # tests/test_docs_site.py builds what it would serve
        "rl-pipeline train --resume RUN",
        "rl-pipeline train --config FILE --resume auto",
        *commands(DOCS / "index.md"),  # tests/test_main_job.py
        *commands(DOCS / "data_parallel.md"),  # tests/run/test_rank_trainings.py
        *commands(DOCS / "own_callback.md"),  # tests/test_own_code_guides.py
        *commands(DOCS / "own_environment.md"),  # tests/test_own_code_guides.py
        *commands(DOCS / "own_network.md"),  # tests/test_own_code_guides.py
        *commands(DOCS / "own_reward.md"),  # tests/test_own_code_guides.py
        *commands(DOCS / "use_policy_elsewhere.md"),  # tests/test_use_policy_elsewhere.py
        *commands(DOCS / "own_project.md"),  # tests/scripts/test_project_from_the_wheel.py
        *commands(DOCS / "own_robot.md"),  # tests/test_own_robot_guide.py
        *commands(DOCS / "goals.md"),  # tests/test_goals_page.py
        *commands(DOCS / "container.md"),  # tests/test_container.py and docker/check.bash
        *commands(DOCS / "clusters.md"),  # tests/test_clusters_guide.py
        *commands(DOCS / "sim_to_robot.md"),  # tests/test_sim_to_robot_guide.py
        *commands(DOCS / "hindsight_replay.md"),  # tests/test_hindsight_replay_page.py
        *commands(DOCS / "motions.md"),  # tests/test_motions_page.py
        *commands(DOCS / "rollouts.md"),  # tests/test_rollouts_page.py
        *commands(DOCS / "recordings.md"),  # tests/test_recordings_page.py
        *commands(DOCS / "ros.md"),  # tests/test_ros_guide.py
        *commands(DOCS / "ros_nodes.md"),  # tests/test_ros_nodes_guide.py
        *commands(DOCS / "ros_tcp.md"),  # tests/test_ros_tcp_guide.py
        *commands(DOCS / "ros_robots.md"),  # tests/test_ros_robots_guide.py
        *commands(DOCS / "mlagents.md"),  # tests/test_mlagents_guide.py
        *commands(DOCS / "sweeps.md"),  # tests/test_sweeps_guide.py
    }
    for page in PAGES:
        for line in commands(page):
            assert line in known | covered_by_other_tests, f"{page.name}: nothing runs `{line}`"


def test_the_section_that_names_simulations_is_valid() -> None:
    [text] = blocks(DOCS / "ros.md", "yaml")
    assert Environment(**yaml.safe_load(text)["environment"]).ros is not None


def test_the_section_that_names_a_unity_build_is_valid() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", (ROOT / "unity_build" / "README.md").read_text(), re.S)
    assert UnityBuild(**yaml.safe_load(text)["unity"]).pause


def test_a_release_has_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


def test_the_workflow_runs_what_contributors_run() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    commands = [step.get("run") for step in workflow["jobs"]["ci"]["steps"]]
    assert "bash .ci/run" in commands
    assert (ROOT / ".ci/run").exists()
