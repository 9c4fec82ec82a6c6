from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.plotting import plot_runs

MakeRun = Callable[..., Path]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that would have been saved."""
    saved: list[Any] = []
    monkeypatch.setattr("rl_pipeline.plotting.comparison.save", lambda figure, _: saved.append(figure))
    return saved


def curve(*returns: float, step: int = 1000) -> dict[int, dict[str, float]]:
    return {step * index: {"eval/mean_reward": value} for index, value in enumerate(returns, start=1)}


def legend(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_seeds_of_an_experiment_are_one_curve_with_their_range(make_run: MakeRun, figures: list[Any]) -> None:
    runs = [make_run("a", curve(1, 5)), make_run("b", curve(3, 5))]
    plot_runs(runs, Path("curves.png"))
    (axes,) = figures[0].axes
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_xydata(), [[1000, 2], [2000, 5]])
    band = axes.collections[0].get_paths()[0].vertices
    assert {(1000, 1), (1000, 3), (2000, 5)} == {tuple(vertex) for vertex in band}
    assert legend(figures[0]) == ["baseline  (mean and range of 2 seeds)"]
    assert axes.get_title(loc="left") == "Ant-v5  ·  PPO  ·  baseline"
    assert axes.get_ylabel() == "evaluation return"


def test_a_run_that_is_named_twice_counts_once(make_run: MakeRun, figures: list[Any]) -> None:
    run = make_run("a", curve(1, 5))
    plot_runs([run, run], Path("curves.png"))
    assert legend(figures[0]) == ["baseline"]


def test_a_class_is_named_without_its_file(make_run: MakeRun, figures: list[Any]) -> None:
    plot_runs([make_run("a", curve(1, 5), environment="code/tank.py:Tank")], Path("curves.png"))
    assert figures[0].axes[0].get_title(loc="left") == "tank:Tank  ·  PPO  ·  baseline"


def test_a_part_of_a_column_is_enough(make_run: MakeRun, figures: list[Any]) -> None:
    run = make_run("a", {100: {"episode/speed_mean": 1.0}, 200: {"episode/speed_mean": 2.0}})
    plot_runs([run], Path("curves.png"), key="speed")
    assert figures[0].axes[0].get_ylabel() == "episode/speed_mean"


def test_a_single_run_is_its_plain_curve(make_run: MakeRun, figures: list[Any]) -> None:
    plot_runs([make_run("a", curve(1, 5, 4))], Path("curves.png"))
    (axes,) = figures[0].axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [1, 5, 4])
    assert not axes.collections
    assert legend(figures[0]) == ["baseline"]


def test_the_legend_says_only_what_differs(make_run: MakeRun, figures: list[Any]) -> None:
    runs = [
        make_run("a", curve(1, 2)),
        make_run("b", curve(1, 2), algorithm="sac"),
        make_run("c", curve(1, 2), algorithm="sac", experiment="wide"),
    ]
    plot_runs(runs, Path("curves.png"))
    assert legend(figures[0]) == ["PPO  ·  baseline", "SAC  ·  baseline", "SAC  ·  wide"]
    assert figures[0].axes[0].get_title(loc="left") == "Ant-v5"


def test_runs_with_other_timesteps_meet_where_all_have_values(make_run: MakeRun, figures: list[Any]) -> None:
    runs = [make_run("a", curve(*range(1, 11), step=100)), make_run("b", curve(*range(1, 7), step=250))]
    plot_runs(runs, Path("curves.png"))
    x, y = figures[0].axes[0].lines[0].get_data()
    assert (x[0], x[-1]) == (250, 1000)
    np.testing.assert_allclose(y, (x / 100 + x / 250) / 2)


def over_time(*returns: float, minutes: float) -> dict[int, dict[str, float]]:
    """The rows of a training in which an evaluation is recorded every `minutes`."""
    rows = curve(*returns)
    return {t: values | {"time/minutes": minutes * t / 1000} for t, values in rows.items()}


def test_a_run_is_drawn_over_the_minutes_of_its_training(make_run: MakeRun, figures: list[Any]) -> None:
    plot_runs([make_run("a", over_time(1, 5, 4, minutes=1.5))], Path("curves.png"), x="minutes")
    (axes,) = figures[0].axes
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[1.5, 1], [3, 5], [4.5, 4]])
    assert axes.get_xlabel() == "minutes of training"


def test_seeds_of_other_speeds_meet_where_all_have_minutes(make_run: MakeRun, figures: list[Any]) -> None:
    runs = [make_run("a", over_time(1, 2, 3, minutes=1)), make_run("b", over_time(1, 2, 3, minutes=2))]
    plot_runs(runs, Path("curves.png"), x="minutes")
    x, y = figures[0].axes[0].lines[0].get_data()
    assert (x[0], x[-1]) == (2, 3)
    np.testing.assert_allclose(y, (x + x / 2) / 2)


def test_a_run_without_minutes_is_refused_with_its_name(make_run: MakeRun) -> None:
    runs = [make_run("a", over_time(1, 2, minutes=1)), make_run("older", curve(1, 2))]
    with pytest.raises(ConfigError, match="older has no column time/minutes") as error:
        plot_runs(runs, Path("curves.png"), x="minutes")
    (problem,) = error.value.problems
    assert (problem.key, problem.value, problem.valid) == ("--x", "minutes", ["timesteps"])


def test_any_column_can_be_drawn_in_any_format(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("a", {100: {"train/entropy": 1.0}, 200: {"train/entropy": 0.5}})
    assert imread(plot_runs([run], tmp_path / "curves.png", key="train/entropy")).ndim == 3
    assert plot_runs([run], tmp_path / "curves.pdf", key="train/entropy").read_bytes()[:4] == b"%PDF"


def test_a_run_without_the_column_is_left_out_and_named(make_run: MakeRun, figures: list[Any]) -> None:
    runs = [make_run("a", curve(1, 2)), make_run("fresh", {})]
    with pytest.warns(UserWarning, match="fresh has no 'eval/mean_reward' yet"):
        plot_runs(runs, Path("curves.png"))
    assert legend(figures[0]) == ["baseline"]


@pytest.mark.filterwarnings("ignore:.*is left out")
def test_an_unknown_column_is_refused_with_the_valid_ones(make_run: MakeRun) -> None:
    with pytest.raises(ConfigError) as error:
        plot_runs([make_run("a", curve(1, 2))], Path("curves.png"), key="eval/mean_rewrad")
    (problem,) = error.value.problems
    assert problem.value == "eval/mean_rewrad"
    assert problem.valid == ["eval/mean_reward"]
    assert problem.nearest == "eval/mean_reward"


def test_runs_without_a_config_are_named_after_their_folders(tmp_path: Path, figures: list[Any]) -> None:
    for name in ("a", "b"):
        folder = tmp_path / "Hopper-v5" / "SAC" / name
        folder.mkdir(parents=True)
        (folder / "progress.csv").write_text("timestep,eval/mean_reward\n1,2.0\n2,3.0\n")
    plot_runs(sorted((tmp_path / "Hopper-v5" / "SAC").iterdir()), Path("curves.png"))
    assert legend(figures[0]) == ["a", "b"]
    assert figures[0].axes[0].get_title(loc="left") == "Hopper-v5  ·  SAC"
