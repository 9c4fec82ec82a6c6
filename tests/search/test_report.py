import math
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import optuna
import pytest
import yaml
from optuna.distributions import BaseDistribution
from optuna.trial import TrialState

from rl_pipeline.config.loading import load_config
from rl_pipeline.search.report import write_study_report
from rl_pipeline.search.report_data import importances, results_of, short_names
from rl_pipeline.search.samplers import make_sampler
from rl_pipeline.search.space import parse_space

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
SPACE = parse_space(
    {
        "training.algorithm_parameters.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True},
        "training.algorithm_parameters.n_steps": {"low": 64, "high": 512, "step": 64, "int": True},
        "training.architecture.net_arch": [[64, 64], [16], HOSTILE, True, None],
        "training.algorithm": ["ppo"],
    }
)
RATE = "training.algorithm_parameters.learning_rate"
PNG = b"\x89PNG"


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and the text of each table row."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._in_cell = False
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data


def searched(
    folder: Path,
    n_trials: int = 12,
    directions: Sequence[str] = ("maximize",),
    space: dict[str, BaseDistribution] = SPACE,
) -> optuna.Study:
    """Make a study as a driver leaves it: trials with three runs each, one pruned, one failed, one running."""
    study = optuna.create_study(study_name=f"sweep of {HOSTILE}", directions=list(directions))
    generator = np.random.default_rng(0)
    for number in range(n_trials):
        study.sampler = make_sampler("random", 1, number, {}, space, n_trials)
        trial = study.ask(fixed_distributions=dict(space))
        name = f"trial_{number}_{HOSTILE}".replace("/", "-")
        score = -abs(math.log10(float(trial.params.get(RATE, 1))) + 3)
        runs = []
        for seed in range(3):
            values = [score + seed, float(number)][: len(directions)]
            runs.append({"seed": seed, "folder": f"{name}/seed_{seed}", "values": values, "minutes": 1.5})
            run = folder / name / f"seed_{seed}"
            run.mkdir(parents=True)
            lines = [f"{t},{score * t / 100 + generator.normal()}" for t in range(0, 500, 100 + seed)]
            (run / "evaluations.csv").write_text("timestep,eval/mean_reward\n" + "\n".join(lines) + "\n")
        experiment = {"experiment": {"name": "x", "seed": number}, "environment": {"id": "CartPole-v1"}}
        (folder / name / "trial.yaml").write_text(yaml.safe_dump(experiment))
        trial.set_user_attr("name", name)
        trial.set_user_attr("runs", runs)
        if number == 1:
            study.tell(trial, state=TrialState.FAIL)
        elif number == 2 and len(directions) == 1:
            trial.report(score, 1)
            study.tell(trial, state=TrialState.PRUNED)
        elif number != n_trials - 1:
            study.tell(trial, [score + 1, float(number)][: len(directions)])
    return study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    write_study_report(searched(folder), folder, ["return after 2 minutes"])
    return folder


def test_the_page_needs_neither_network_nor_other_files(folder: Path) -> None:
    page = Page(folder / "report.html")
    for _tag, attributes in page.tags:
        assert str(attributes.get("src", "data:image/png;base64,")).startswith("data:image/png;base64,")
        assert not re.match(r"\w+:|//", attributes.get("href") or "")
    tags = [tag for tag, _ in page.tags]
    assert not {"link", "iframe", "object", "base"} & set(tags)
    [policy] = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    assert str(policy).startswith("default-src 'none'; img-src data:")
    assert "@import" not in page.text
    assert "url(" not in page.text


def test_names_and_values_stay_text(folder: Path) -> None:
    page = Page(folder / "report.html")
    assert f"sweep of {HOSTILE}" in page.text
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert [tag for tag, _ in page.tags].count("script") == 1
    cells = [cell for row in page.rows for cell in row]
    assert HOSTILE in cells
    assert {"[64, 64]", "[16]", "true", "null"} & set(cells)


def test_the_table_has_values_with_intervals_and_states(folder: Path) -> None:
    head, *rows = Page(folder / "report.html").rows
    assert head[:4] == ["trial", "return after 2 minutes", "learning_rate", "n_steps"]
    assert [row[0] for row in rows] == [str(number) for number in range(12)]
    states = [row[head.index("state")] for row in rows]
    assert states == ["finished", "failed", "pruned", *["finished"] * 8, "running"]
    # Seeds that differ by 1: Student's t(2) = 4.3027, s = 1, n = 3.
    assert f"± {4.3027 / math.sqrt(3):.4g}" in rows[0][1]
    assert rows[1][1] == ""
    assert {row[head.index("minutes")] for row in rows} == {"4.5"}
    assert rows[3][head.index("folder")].startswith("trial_3_")


def test_the_best_trial_is_shown_and_its_configuration_trains(folder: Path) -> None:
    page = Page(folder / "report.html")
    head, *rows = page.rows
    finished = [row for row in rows if row[head.index("state")] == "finished"]
    best = max(finished, key=lambda row: float(row[1].split()[0]))
    assert f"trial {best[0]}" in page.text
    assert "95 % interval over 3 seeds" in page.text
    config = load_config(folder / "best.yaml").config
    assert config.experiment.seed == int(best[0])
    assert "rl-pipeline train --config best.yaml" in page.text


def test_each_figure_is_a_file_too(folder: Path) -> None:
    names = {"history", "importance", "parallel", "slices", "curves", "reported"}
    files = {file.stem: file for file in (folder / "report").iterdir()}
    assert files.keys() == names
    assert all(file.read_bytes().startswith(PNG) for file in files.values())
    images = [attributes for tag, attributes in Page(folder / "report.html").tags if tag == "img"]
    assert len(images) == len(names)


def test_several_objectives_have_a_pareto_front(tmp_path: Path) -> None:
    study = searched(tmp_path, directions=("maximize", "minimize"))
    page = Page(write_study_report(study, tmp_path, ["return", "energy"]))
    front = {f"best_trial_{trial.number}.yaml" for trial in study.best_trials}
    assert {file.name for file in tmp_path.glob("best*.yaml")} == front
    assert "Pareto front" in page.text
    names = {file.stem for file in (tmp_path / "report").iterdir()}
    assert {"pareto_front", "history_1", "history_2", "slices_2"} <= names
    assert page.rows[0][1:3] == ["return", "energy"]


def test_a_search_that_has_just_begun_says_what_is_missing(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="new")
    page = Page(write_study_report(study, tmp_path))
    assert "No trial has finished yet" in page.text
    study.ask(fixed_distributions=dict(SPACE))
    page = Page(write_study_report(study, tmp_path))
    assert page.text.count("Not drawn") == 6
    assert not any((tmp_path / "report").iterdir())


def test_one_finished_trial_is_enough_for_a_report(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="one")
    study.tell(study.ask(fixed_distributions=dict(SPACE)), 1.0)
    page = Page(write_study_report(study, tmp_path))
    assert "needs four finished trials" in page.text
    assert "one seed, so no interval" in page.text
    assert {file.stem for file in (tmp_path / "report").iterdir()} == {"history", "parallel", "slices"}


def test_a_report_that_is_written_again_leaves_nothing_old(tmp_path: Path) -> None:
    (tmp_path / "best_trial_9.yaml").write_text("")
    write_study_report(searched(tmp_path, 6), tmp_path)
    assert {file.name for file in tmp_path.glob("best*")} == {"best.yaml"}


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_importance_finds_the_parameter_that_matters(direction: str) -> None:
    study = optuna.create_study(direction=direction)
    sign = -1 if direction == "maximize" else 1
    space = {key: one for key, one in SPACE.items() if "net_arch" not in key}
    for number in range(40):
        study.sampler = make_sampler("random", 0, number, {}, space, 40)
        trial = study.ask(fixed_distributions=space)
        study.tell(trial, sign * abs(math.log10(trial.params[RATE]) + 3))
    found = importances(results_of(study), 0)
    assert isinstance(found, dict)
    assert found[RATE] > 0.7


def test_short_names_tell_keys_apart() -> None:
    assert short_names(["a.b.c", "a.d.c", "x", "a.e", "c"]) == {
        "a.b.c": "b.c",
        "a.d.c": "d.c",
        "x": "x",
        "a.e": "e",
        "c": "c",
    }
