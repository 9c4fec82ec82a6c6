import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from rl_pipeline.plotting import plot_progress

MakeRun = Callable[..., Path]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that would have been saved."""
    saved: list[Any] = []
    monkeypatch.setattr("rl_pipeline.plotting.progress_figure.save", lambda figure, _: saved.append(figure))
    return saved


def panels(figure: Any) -> dict[str, Any]:
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def training(points: int, **more: float) -> dict[int, dict[str, float]]:
    values = {"rollout/ep_rew_mean": 1.0, "rollout/ep_len_mean": 100.0, "train/value_loss": 0.5}
    return {1000 * point: {**values, **more} for point in range(1, points + 1)}


def episodes(low: float, high: float) -> dict[str, float]:
    return {"eval/min_reward": low, "eval/max_reward": high}


def test_the_picture_is_a_png_of_a_useful_size(make_run: MakeRun) -> None:
    path = plot_progress(make_run("run", training(100)))
    assert path.name == "progress.png"
    height, width, _ = imread(path).shape
    assert width >= 1000
    assert height >= 600


def test_the_picture_is_renewed_as_the_run_goes_on(make_run: MakeRun) -> None:
    folder = make_run("run", training(3))
    before = plot_progress(folder).read_bytes()
    with (folder / "progress.csv").open("a") as file:
        file.write("4000,900.0,100.0,0.5\n")
    assert plot_progress(folder).read_bytes() != before
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.yaml",
        "evaluations.csv",
        "progress.csv",
        "progress.png",
    ]


def test_panels_show_the_columns(make_run: MakeRun, figures: list[Any]) -> None:
    rows = {
        1000: {"rollout/ep_rew_mean": 1.0, "train/value_loss": 0.5, "train/policy_gradient_loss": -0.01},
        2000: {"rollout/ep_rew_mean": 3.0, "eval/mean_reward": 7.0, **episodes(5.0, 8.0)},
        3000: {"eval/mean_reward": 5.0, **episodes(4.0, 6.0), "eval/mean_ep_length": 50.0},
    }
    plot_progress(make_run("run", rows))
    shown = panels(figures[0])
    np.testing.assert_array_equal(shown["Training"].lines[0].get_xydata(), [[1000, 1], [2000, 3]])
    np.testing.assert_array_equal(shown["Evaluation"].lines[0].get_xydata(), [[2000, 7], [3000, 5]])
    band = shown["Evaluation"].collections[0].get_paths()[0].vertices
    assert {(2000, 5), (2000, 8), (3000, 4), (3000, 6)} <= {tuple(vertex) for vertex in band}
    assert "best: 7 at 2,000" in legend(shown["Evaluation"])
    assert shown["Episode length"].lines[0].get_ydata().tolist() == [50]
    assert shown["Losses"].get_ylabel() == "value loss"
    assert figures[0].axes[-1].get_ylabel() == "policy gradient loss"
    assert figures[0].get_suptitle() == "Ant-v5  ·  PPO  ·  baseline"
    assert len({axes.get_xlim() for axes in figures[0].axes}) == 1


def test_success_takes_the_place_of_episode_length(make_run: MakeRun, figures: list[Any]) -> None:
    plot_progress(make_run("run", {1000: {"rollout/success_rate": 0.25, "rollout/ep_len_mean": 100.0}}))
    shown = panels(figures[0])
    assert "Episode length" not in shown
    assert shown["Success"].lines[0].get_ydata().tolist() == [0.25]


def test_metrics_of_the_task_have_panels(make_run: MakeRun, figures: list[Any]) -> None:
    values = {
        "episode/speed_mean": 2.0,
        "episode/speed_final": 3.0,
        "eval/speed_mean": 1.0,
        "eval/distance": 7.0,
        "episode/success": 1.0,
        "episode/is_success_mean": 0.5,
    }
    plot_progress(make_run("run", {1000: values, 2000: values}))
    shown = panels(figures[0])
    assert list(shown)[4:] == ["speed", "distance"]
    assert [line.get_ydata()[0] for line in shown["speed"].lines] == [2.0, 1.0]
    assert legend(shown["speed"]) == ["training", "evaluation"]
    assert shown["speed"].get_ylabel() == "mean over the episode"
    assert shown["distance"].lines[0].get_ydata()[0] == 7.0
    assert len({axes.get_xlim() for axes in figures[0].axes}) == 1


def test_many_metrics_of_the_task_are_counted(make_run: MakeRun, figures: list[Any]) -> None:
    plot_progress(make_run("run", {1000: {f"episode/joint_{index}_final": 1.0 for index in range(9)}}))
    assert len(figures[0].axes) == 4 + 6
    assert figures[0].get_supxlabel() == "3 more task metrics: progress.csv"


def test_empty_panels_say_why(make_run: MakeRun, figures: list[Any]) -> None:
    plot_progress(make_run("run", {}))
    shown = panels(figures[0])
    assert {title: texts(axes) for title, axes in shown.items()} == {
        "Training": ["no episode has ended yet"],
        "Evaluation": ["no evaluation yet"],
        "Episode length": ["no episode has ended yet"],
        "Losses": ["no update yet"],
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.0, 1e30])
def test_odd_values_do_not_stop_the_picture(make_run: MakeRun, value: float) -> None:
    names = (
        "rollout/ep_rew_mean",
        "eval/mean_reward",
        "eval/min_reward",
        "eval/max_reward",
        "train/critic_loss",
        "train/actor_loss",
    )
    rows = {1000: dict.fromkeys(names, 1.0), 2000: dict.fromkeys(names, value)}
    assert plot_progress(make_run("run", rows)).stat().st_size > 0


def test_a_single_odd_value_does_not_stop_the_picture(make_run: MakeRun) -> None:
    names = ("rollout/ep_rew_mean", "eval/mean_reward", "episode/speed_mean", "train/loss")
    assert plot_progress(make_run("run", {1000: dict.fromkeys(names, float("nan"))})).stat().st_size > 0


def test_a_folder_without_records_gets_a_picture(tmp_path: Path) -> None:
    assert plot_progress(tmp_path).exists()


def test_importing_the_package_does_not_import_matplotlib() -> None:
    script = (
        "import sys, rl_pipeline.plotting; sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
