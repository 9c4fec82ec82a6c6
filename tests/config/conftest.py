"""Experiment files in a folder of their own, which is the working directory."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.loading import load_config

Write = Callable[..., Path]
Problems = Callable[..., list[Problem]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str = "x.yaml") -> Path:
        file = Path(name)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    return write_file


@pytest.fixture
def problems(write: Write) -> Problems:
    """Return what is refused in an experiment file with this text."""

    def problems_of(text: str, *overrides: str, **options: object) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            load_config(write(text), overrides, **options)
        return caught.value.problems

    return problems_of
