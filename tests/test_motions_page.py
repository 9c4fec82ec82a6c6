"""The commands and the table of docs/motions.md."""

import contextlib
from pathlib import Path

from rl_pipeline.datasets import motion_file
from rl_pipeline.datasets.reading import library
from tests.documentation import DOCS, blocks, commands, rl_pipeline

PAGE = DOCS / "motions.md"


def test_the_commands_work_with_the_table_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "recording.csv").write_text(blocks(PAGE, "csv")[0])
    with contextlib.chdir(tmp_path):
        for line in commands(PAGE):
            rl_pipeline(line)
    for name in ("walk.png", "walk.mp4", "recording.npz"):
        assert (tmp_path / name).stat().st_size > 1000


def test_the_format_is_that_of_the_writer() -> None:
    [tree] = blocks(PAGE, "text")
    assert motion_file.__doc__ is not None
    assert tree in motion_file.__doc__


def test_the_motions_of_the_package_are_listed() -> None:
    text = PAGE.read_text()
    for name in library():
        assert f"`{name}`" in text
