from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.tracking.csv_file import read_rows, read_series


def test_series_leave_out_rows_without_a_value(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    path.write_text("timestep,a,b\n10,1.5,\n20,,nan\n30,2.5,inf\n")
    series = read_series(path)
    np.testing.assert_array_equal(series["a"].timesteps, [10, 30])
    np.testing.assert_array_equal(series["a"].values, [1.5, 2.5])
    np.testing.assert_array_equal(series["b"].values, [np.nan, np.inf])
    assert series["a"].timesteps.dtype == np.int64


def test_a_half_written_last_line_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    path.write_text("timestep,a\n10,1.5\n20,2.")
    np.testing.assert_array_equal(read_series(path)["a"].timesteps, [10])


@pytest.mark.parametrize("text", ["", "times", "timestep\n", "timestep,a\n", "timestep,a\n1,\n"])
def test_a_file_without_metrics_has_no_series(tmp_path: Path, text: str) -> None:
    path = tmp_path / "progress.csv"
    path.write_text(text)
    assert read_series(path) == {}


def test_a_missing_file_has_no_series(tmp_path: Path) -> None:
    assert read_series(tmp_path / "progress.csv") == {}


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    path.write_text("time/iterations,a\n1,2\n")
    with pytest.raises(ValueError, match=r"progress.csv: the first column is 'time/iterations'"):
        read_series(path)


def test_rows_are_as_wide_as_the_header(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    path.write_text("timestep,a,b\n10,1\n")
    assert read_rows(path) == (["timestep", "a", "b"], [["10", "1", ""]])
