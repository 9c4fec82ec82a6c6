"""The link `latest` in the folder of an environment."""

import threading
from pathlib import Path

import pytest

from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.latest import LATEST, mark_latest


@pytest.fixture
def runs(tmp_path: Path) -> list[RunFolder]:
    runs = [RunFolder(tmp_path / "experiments/Ant-v5/ppo" / name) for name in ("a", "b")]
    for run in runs:
        run.path.mkdir(parents=True)
        run.config.touch()
    return runs


def test_the_link_leads_to_the_run_wherever_the_folder_lies(runs: list[RunFolder], tmp_path: Path) -> None:
    for run in runs:
        mark_latest(run)
    link = tmp_path / "experiments/Ant-v5" / LATEST
    assert link.resolve() == runs[1].path
    (tmp_path / "experiments").rename(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/Ant-v5" / LATEST).resolve() == tmp_path / "elsewhere/Ant-v5/ppo/b"
    assert len(find_runs(tmp_path / "elsewhere")) == 2


def test_the_link_is_whole_while_runs_start(runs: list[RunFolder], tmp_path: Path) -> None:
    mark_latest(runs[0])
    threads = [threading.Thread(target=lambda run=run: [mark_latest(run) for _ in range(50)]) for run in runs]
    for thread in threads:
        thread.start()
    link = tmp_path / "experiments/Ant-v5" / LATEST
    while any(thread.is_alive() for thread in threads):
        assert (link / "config.yaml").exists()
    assert sorted(path.name for path in link.parent.iterdir()) == [LATEST, "ppo"]


def test_a_folder_of_this_name_is_left_alone(
    runs: list[RunFolder], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "experiments/Ant-v5" / LATEST).mkdir()
    mark_latest(runs[0])
    assert "is not a link, so it is left unchanged" in caplog.text
    assert not (tmp_path / "experiments/Ant-v5" / LATEST).is_symlink()


def test_a_file_system_without_links_is_named(
    runs: list[RunFolder], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def symlink_to(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", symlink_to)
    mark_latest(runs[0])
    assert "could not be set to the latest run: [Errno 1] Operation not permitted" in caplog.text
