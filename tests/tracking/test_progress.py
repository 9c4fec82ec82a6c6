import io
import re

import pytest
from rich.console import Console

from rl_pipeline.tracking.progress import Progress
from rl_pipeline.tracking.time_split import TimeSplit


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, _environ={})


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_plain_line_says_everything() -> None:
    output = console(terminal=False)
    clock = iter([0.0, 0.0, 4.0, 9.5, 10.0]).__next__
    split = TimeSplit(clock=clock)
    split.switch("collect")
    split.switch("update")
    split.switch("evaluate")
    progress = Progress(500_000, console=output)
    progress.update(60_000, 512.345, split)
    assert re.fullmatch(
        r" 12% 60,000/500,000 timesteps  [\d,]+/s  ETA \d+:\d\d:\d\d  return 512\.3  "
        r"collect 40% update 55% evaluate 5%\n",
        text(output),
    )


def test_plain_output_has_no_control_characters() -> None:
    output = console(terminal=False)
    progress = Progress(10, console=output)
    progress.update(10, None, TimeSplit())
    progress.close()
    assert "\x1b" not in text(output)
    assert "return -" in text(output)


@pytest.mark.parametrize("log_points", [1, 4, 10])
def test_no_more_lines_than_log_points_between_first_and_last(log_points: int) -> None:
    output = console(terminal=False)
    progress = Progress(1_000, log_points=log_points, console=output)
    for timestep in range(1, 1_001):
        progress.update(timestep, 0.0, TimeSplit())
    progress.close()
    lines = text(output).splitlines()
    assert "1/1,000 " in lines[0]
    assert "1,000/1,000 " in lines[-1]
    assert log_points <= len(lines) <= log_points + 2


def test_a_run_that_ends_early_shows_its_last_state() -> None:
    output = console(terminal=False)
    progress = Progress(1_000, log_points=2, console=output)
    for timestep in (100, 200, 300):
        progress.update(timestep, 0.0, TimeSplit())
    progress.close()
    progress.close()
    assert [line.split()[1] for line in text(output).splitlines()] == ["100/1,000", "300/1,000"]


def test_a_resumed_run_shows_its_first_state() -> None:
    output = console(terminal=False)
    Progress(1_000, start_timestep=900, log_points=2, console=output).update(910, 0.0, TimeSplit())
    assert text(output).startswith(" 91% 910/1,000")


def test_overshooting_stays_at_100_percent() -> None:
    output = console(terminal=False)
    Progress(1_000, console=output).update(2_048, 0.0, TimeSplit())
    assert text(output).startswith("100% 2,048/1,000")
    assert "ETA 0:00:00" in text(output)


def test_verbose_0_shows_nothing() -> None:
    for terminal in (True, False):
        output = console(terminal)
        progress = Progress(10, verbose=0, console=output)
        progress.update(10, 1.0, TimeSplit())
        progress.message("hello")
        progress.close()
        assert text(output) == ""


def test_a_terminal_gets_a_bar_and_messages_above_it() -> None:
    output = console(terminal=True)
    progress = Progress(1_000, console=output)
    progress.update(500, 12.5, TimeSplit())
    progress.message("evaluation [best]: 12.5")
    progress.close()
    shown = text(output)
    assert "evaluation [best]: 12.5\n" in shown
    assert "━" in shown
    assert " 50%" in shown
    assert "500/1,000 timesteps" in shown
    assert "return 12.5" in shown
    assert shown.endswith("\x1b[?25h")  # the cursor is visible again


def test_the_bar_fits_80_columns() -> None:
    output = Console(file=io.StringIO(), force_terminal=True, width=80, _environ={})
    progress = Progress(5_000_000, console=output)
    progress.update(4_000_000, -1234.5, TimeSplit())
    progress.close()
    assert "…" not in text(output)
