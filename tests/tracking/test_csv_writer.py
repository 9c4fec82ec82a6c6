import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.tracking.csv_file import read_series
from rl_pipeline.tracking.csv_writer import CsvWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress.csv"


def test_floats_read_back_exactly(path: Path) -> None:
    values = [*np.random.default_rng(0).normal(size=50) * 10.0 ** np.arange(-25, 25), np.inf, -0.0]
    writer = CsvWriter(path)
    for timestep, value in enumerate(values):
        writer.write(timestep, {"a": value})
    writer.close("finished")
    assert [value.hex() for value in read_series(path)["a"].values] == [float(v).hex() for v in values]


def test_rows_are_text_anybody_can_read(path: Path) -> None:
    writer = CsvWriter(path)
    writer.write(2048, {"rollout/ep_rew_mean": np.float32(0.5), "time/iterations": np.int64(3), "done": True})
    writer.close("finished")
    assert path.read_text() == "timestep,rollout/ep_rew_mean,time/iterations,done\n2048,0.5,3,1\n"


def test_rows_can_be_read_while_the_run_goes_on(path: Path) -> None:
    writer = CsvWriter(path)
    writer.write(1, {"a": 1.0})
    assert path.read_text() == "timestep,a\n1,1.0\n"
    writer.close("finished")


def test_new_metrics_widen_the_file(path: Path) -> None:
    writer = CsvWriter(path)
    writer.write(1, {"a": 1.0})
    writer.write(2, {"b": 2.0, "a": 3.0})
    writer.write(3, {"b": 4.0})
    writer.close("finished")
    assert path.read_text() == "timestep,a,b\n1,1.0,\n2,3.0,2.0\n3,,4.0\n"


def test_names_with_commas_and_quotes_survive(path: Path) -> None:
    writer = CsvWriter(path)
    writer.write(1, {'torque "left", knee': 1.0})
    writer.write(2, {"a": 1.0})
    writer.close("finished")
    assert list(read_series(path)) == ['torque "left", knee', "a"]


def test_only_metrics_with_the_prefix_are_written(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.csv"
    writer = CsvWriter(path, prefix="eval/")
    writer.write(1, {"rollout/ep_rew_mean": 1.0})
    writer.write(2, {"rollout/ep_rew_mean": 1.0, "eval/mean_reward": 2.0})
    writer.close("finished")
    assert path.read_text() == "timestep,eval/mean_reward\n2,2.0\n"


def test_an_existing_file_is_continued(path: Path) -> None:
    for timestep in (1, 2):
        writer = CsvWriter(path)
        writer.write(timestep, {"a": float(timestep)})
        writer.close("finished")
    assert path.read_text() == "timestep,a\n1,1.0\n2,2.0\n"


@pytest.mark.parametrize("half", ["2", "2,2.", "2,2.0"])
def test_a_half_written_line_is_dropped_on_open(path: Path, half: str) -> None:
    path.write_text(f"timestep,a\n1,1.0\n{half}")
    writer = CsvWriter(path)
    writer.write(2, {"a": 2.0})
    writer.close("finished")
    assert path.read_text() == "timestep,a\n1,1.0\n2,2.0\n"


def test_a_half_written_header_is_dropped_on_open(path: Path) -> None:
    path.write_text("timest")
    writer = CsvWriter(path)
    writer.write(1, {"a": 1.0})
    writer.close("finished")
    assert path.read_text() == "timestep,a\n1,1.0\n"


def test_rewind_drops_later_rows_and_goes_on(path: Path) -> None:
    writer = CsvWriter(path)
    for timestep in (100, 200, 300):
        writer.write(timestep, {"a": float(timestep)})
    writer.rewind(200)
    writer.write(300, {"a": -1.0})
    writer.close("finished")
    assert path.read_text() == "timestep,a\n100,100.0\n200,200.0\n300,-1.0\n"


def test_a_new_file_can_be_rewound(path: Path) -> None:
    writer = CsvWriter(path)
    writer.rewind(0)
    writer.write(1, {"a": 1.0})
    writer.close("finished")
    assert path.read_text() == "timestep,a\n1,1.0\n"


def test_flush_comes_through_and_close_ends_it(path: Path) -> None:
    writer = CsvWriter(path)
    writer.write(1, {"a": 1.0})
    writer.flush()
    writer.close("finished")
    with pytest.raises(ValueError, match="closed file"):
        writer.write(2, {"a": 2.0})


def test_a_full_disk_leaves_no_half_line(path: Path) -> None:
    # The limit on the size of files stands for a full disk; it is lifted before the last row.
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from rl_pipeline.tracking.csv_writer import CsvWriter
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        writer = CsvWriter(Path(sys.argv[1]))
        writer.write(1, {"a": 1.0})
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        try:
            writer.write(2, {"a": 1 / 3})
        except OSError:
            print("refused")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        writer.write(3, {"a": 3.0})
        """
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert result.stdout == "refused\n"
    assert path.read_text() == "timestep,a\n1,1.0\n3,3.0\n"


def test_kill_leaves_every_written_row(path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from rl_pipeline.tracking.csv_writer import CsvWriter
        writer = CsvWriter(Path(sys.argv[1]))
        for timestep in range(100):
            writer.write(timestep, {"a": 0.5})
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert len(read_series(path)["a"].values) == 100
