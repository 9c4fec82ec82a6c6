from pathlib import Path

import pytest
from torch import nn

from rl_pipeline.class_path import resolve_class
from rl_pipeline.config.errors import ConfigError

KEY = "training.architecture.features_extractor_class"
SOURCE = "import torch\n\nclass Net(torch.nn.Module):\n    pass\n\nclass Other:\n    pass\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_networks.py"
    path.write_text(SOURCE)
    return path


def test_a_class_comes_from_a_module_or_a_file(file: Path) -> None:
    assert resolve_class("torch.nn:ReLU", nn.Module, KEY) is nn.ReLU
    net = resolve_class(f"{file}:Net", nn.Module, KEY)
    assert issubclass(net, nn.Module)
    assert resolve_class(f"{file}:Net", nn.Module, KEY) is net


def test_a_relative_path_counts_from_the_working_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert resolve_class("my_networks.py:Net", nn.Module, KEY).__name__ == "Net"


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        (":Nte", "has no class 'Nte'; it has Net"),
        (":Other", "no subclass of Module named 'Other'; it has Net"),
    ],
)
def test_a_wrong_class_gives_the_right_ones(file: Path, suffix: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refusal:
        resolve_class(f"{file}{suffix}", nn.Module, KEY)
    (problem,) = refusal.value.problems
    assert (problem.key, problem.value) == (KEY, f"{file}{suffix}")


@pytest.mark.parametrize("path", ["Net", "module:", ":Net", "a:b.c", "a:b()"])
def test_other_text_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match=r"package\.module:Class"):
        resolve_class(path, nn.Module, KEY)


def test_missing_files_and_modules_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the file .* does not exist .* relative to the working folder"):
        resolve_class(f"{tmp_path}/nowhere.py:Net", nn.Module, KEY)
    with pytest.raises(ConfigError, match="no module named 'nowhere_at_all'"):
        resolve_class("nowhere_at_all.deep:Net", nn.Module, KEY)


def test_an_error_in_the_users_file_is_shown_each_time(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            resolve_class(f"{path}:Net", nn.Module, KEY)
