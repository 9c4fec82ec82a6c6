"""What is refused before a training is submitted; tests/search/test_slurm.py submits."""

from pathlib import Path

import pytest

from rl_pipeline.cli import main

MINIMAL = """\
experiment: {name: tiny, folder: runs}
environment: {id: CartPole-v1}
"""
SUBMIT = ["train", "--cluster", "slurm"]
NO_SLURM = "of Slurm cannot be found in PATH"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An experiment, on a machine without Slurm: whatever gets as far as that was accepted."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(MINIMAL)
    return "tiny.yaml"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], NO_SLURM),
        (["training.training.device=cuda:7"], NO_SLURM),  # the login node need not have it
        (["--seeds", "0-4", "cluster.gpus=1"], NO_SLURM),
        (["training.algorithm=poo"], "training.algorithm"),
        (["cluster.cpus=many"], "cluster.cpus: must be an integer"),
        (["cluster.time=00:01:00"], "cluster.signal_lead: must be less than the time limit of 00:01:00"),
        (["--resume", "absent"], "no run 'absent'"),
    ],
)
def test_mistakes_are_found_before_anything_is_submitted(
    file: str, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SUBMIT, "--config", file, *arguments]) == 2
    assert expected in capsys.readouterr().err
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [("4-0", "must be a range"), ("0,0", "names a seed twice"), ("x", "must be a non-negative integer")],
)
def test_seeds_are_a_list_or_a_range(
    file: str, seeds: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*SUBMIT, "--config", file, "--seeds", seeds])
    assert expected in capsys.readouterr().err


def test_seeds_are_for_clusters(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--config", file, "--seeds", "0-1"]) == 2
    assert "--seeds needs --cluster" in capsys.readouterr().err


def test_jobs_are_looked_for_below_the_root_of_the_runs(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", "list"]) == 0
    assert capsys.readouterr().out == "no jobs in experiments\n"
    assert main(["jobs", "logs", "7"]) == 2
    assert "no job '7' was submitted from experiments; the latest are: none" in capsys.readouterr().err
