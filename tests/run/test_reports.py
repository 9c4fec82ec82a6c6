import json

import pytest

from rl_pipeline.run import reports
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan

from .conftest import MakeConfig, sample_env

PNG = b"\x89PNG\r\n"


def test_a_picture_and_statistics_are_left_by_every_training(make_config: MakeConfig) -> None:
    run, _, _ = run_plan(Plan(make_config(sample_env(), "a2c", "training.training.total_timesteps=40")))
    assert (run.path / "progress.png").read_bytes().startswith(PNG)
    stats = json.loads((run.path / "stats.json").read_text())
    assert stats["timesteps"] == 40
    assert stats["evaluations"]["timesteps"] == [0, 20, 40]
    assert stats["seconds"] > 0


@pytest.mark.parametrize(("seconds", "least", "most"), [(3600.0, 1, 1), (0.0, 2, 100)])
def test_a_training_that_ends_before_the_first_picture_is_drawn_once(
    seconds: float, least: int, most: int, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures: list[object] = []
    monkeypatch.setattr(reports, "plot_progress", pictures.append)
    monkeypatch.setattr(reports, "FIRST_PICTURE_AFTER", seconds)
    run_plan(Plan(make_config(sample_env(), "a2c", "training.training.total_timesteps=40")))
    assert least <= len(pictures) <= most


def test_a_picture_that_cannot_be_written_costs_nothing_else(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(folder: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(reports, "plot_progress", refuse)
    _, result, _ = run_plan(Plan(make_config(sample_env(), "a2c", "training.training.total_timesteps=40")))
    assert result.status == "finished"
    assert "could not be updated: the disk is full" in caplog.text
