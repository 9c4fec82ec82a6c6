from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rl_pipeline.tracking.csv_writer import CsvWriter

MakeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Makes a run's folder with the rows that a training would have written."""

    def make(
        name: str,
        rows: Mapping[int, Mapping[str, float]],
        environment: str = "Ant-v5",
        algorithm: str = "ppo",
        experiment: str = "baseline",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.yaml").write_text(
            f"environment: {{id: {environment}}}\ntraining: {{algorithm: {algorithm}}}\n"
            f"experiment: {{name: {experiment}}}\n"
        )
        for writer in (
            CsvWriter(folder / "progress.csv"),
            CsvWriter(folder / "evaluations.csv", prefix="eval/"),
        ):
            for timestep, values in rows.items():
                writer.write(timestep, values)
            writer.close("finished")
        return folder

    return make
