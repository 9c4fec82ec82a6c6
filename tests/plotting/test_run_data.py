from pathlib import Path

import numpy as np

from rl_pipeline.plotting.run_data import read_curves


def test_values_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("timestep,a,b\n1,2.0,nan\n2,nan,inf\n3,4.0,\n")
    curves = read_curves(tmp_path)
    assert list(curves) == ["a"]
    np.testing.assert_array_equal(curves["a"].timesteps, [1, 3])
    np.testing.assert_array_equal(curves["a"].values, [2.0, 4.0])


def test_a_run_that_has_recorded_nothing_has_no_curves(tmp_path: Path) -> None:
    assert read_curves(tmp_path) == {}
