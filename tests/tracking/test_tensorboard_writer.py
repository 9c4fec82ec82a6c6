from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer

from rl_pipeline.tracking.tensorboard_writer import TensorboardWriter


def scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(name)]


def test_scalars_read_back(tmp_path: Path) -> None:
    writer = TensorboardWriter(tmp_path)
    writer.write(100, {"rollout/ep_rew_mean": 1.5, "train/loss": 0.25})
    writer.write(200, {"rollout/ep_rew_mean": 2.5})
    writer.flush()
    assert scalars(tmp_path, "rollout/ep_rew_mean") == [(100, 1.5), (200, 2.5)]
    assert scalars(tmp_path, "train/loss") == [(100, 0.25)]
    writer.close("finished")


def test_a_film_is_named(tmp_path: Path) -> None:
    writer = TensorboardWriter(tmp_path / "tensorboard")
    writer.film("video/train", tmp_path / "step_100.mp4", 100)
    writer.close("finished")
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (event,) = events.Tensors("video/train/text_summary")
    assert event.step == 100
    assert b"step_100.mp4" in event.tensor_proto.string_val[0]


@pytest.mark.parametrize("number", [0, 9])
def test_rewound_records_are_hidden(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Event files of one second are read by the text of their numbers, so that the tenth comes before the ninth.
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(number))
    killed = TensorboardWriter(tmp_path)
    for timestep in (100, 200, 300):
        killed.write(timestep, {"a": float(timestep)})
    killed.flush()
    resumed = TensorboardWriter(tmp_path)
    resumed.rewind(200)
    resumed.write(300, {"a": -1.0})
    resumed.close("finished")
    assert scalars(tmp_path, "a") == [(100, 100.0), (200, 200.0), (300, -1.0)]


def test_nothing_written_makes_no_folder(tmp_path: Path) -> None:
    writer = TensorboardWriter(tmp_path / "tensorboard")
    writer.flush()
    writer.close("finished")
    assert not (tmp_path / "tensorboard").exists()
