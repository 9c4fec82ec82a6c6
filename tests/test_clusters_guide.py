"""The guide to clusters, on a Slurm of two nodes."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.config.cluster import load_cluster
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.search.jobs import statuses, submitted_jobs
from tests.documentation import DOCS, ROOT, blocks, commands, rl_pipeline, run
from tests.slurm_cluster import SlurmCluster, missing_programs, slurm_cluster, wait_until

PAGE = DOCS / "clusters.md"
SUBMIT, SUBMIT_SEEDS, SUBMIT_TO_LAB, *REST = commands(PAGE)
LIST, LOGS, CANCEL, CANCEL_ALL, RESUME, RESUME_AUTO, HERE, THERE, EVALUATE = REST
PAGE_PROFILES = ("supercloud", "openmind", "euler")


def pendulum(timesteps: int) -> str:
    """The reader's experiment, with a checkpoint a second."""
    training = {"total_timesteps": timesteps, "device": "cpu", "verbose": 0, "eval": {"num_evals": 0}}
    configuration: dict[str, Any] = {
        "experiment": {"name": "pendulum"},
        "environment": {"id": "Pendulum-v1", "n_environments": 1},
        "training": {
            "algorithm": "a2c",
            "algorithm_parameters": {"n_steps": 1000},
            "tensorboard": False,
            "training": training,
            "checkpoint": {"frequency": 1000, "export": False},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    return yaml.safe_dump(configuration)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader who has installed the project and saved the files."""
    (tmp_path / "pendulum.yaml").write_text(pendulum(10_000_000))
    profiles = tmp_path / "configs" / "clusters"
    profiles.mkdir(parents=True)
    [profile] = blocks(PAGE, "yaml")
    (profiles / "lab.yaml").write_text(profile)
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=":")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


@pytest.fixture
def cluster(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlurmCluster]:
    """The reader's cluster."""
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        monkeypatch.setenv("SLURM_CONF", cluster.environ["SLURM_CONF"])
        yield cluster


def runs() -> dict[int, RunFolder]:
    """Return the only run of each seed."""
    found = find_runs(Path("experiments"))
    by_seed = {yaml.safe_load(run.config.read_text())["experiment"]["seed"]: run for run in found}
    assert len(by_seed) == len(found)
    return by_seed


def newest_checkpoint(seed: int) -> int:
    run = runs().get(seed)
    return max((int(path.name[5:]) for path in run.checkpoints.glob("step_*")), default=0) if run else 0


def states() -> dict[str, str]:
    return {job.record.job: status.state for job, status in statuses(submitted_jobs(Path("experiments")))}


def said(capsys: pytest.CaptureFixture[str], command: str) -> str:
    """Carry out a command and return what it prints."""
    capsys.readouterr()
    rl_pipeline(command)
    return capsys.readouterr().out


@pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")
@pytest.mark.timeout(900)  # it starts a dozen trainings, perhaps on a busy machine
def test_the_guide_works_from_top_to_bottom(
    reader: Path, cluster: SlurmCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shlex.split(LOGS)[-1] in said(capsys, SUBMIT)
    rl_pipeline(SUBMIT_SEEDS)
    rl_pipeline(SUBMIT_TO_LAB)
    lab = submitted_jobs(Path("experiments"))[-1].record.job
    wait_until(lambda: all(newest_checkpoint(seed) for seed in (0, 1, 2, 4)), "checkpoints")
    assert states() == dict.fromkeys(("1", "2_0", "2_1", lab), "running") | {"2_2": "queued"}
    details = cluster.ask("scontrol", "show", "job", "--oneliner", lab)
    for expected in (
        "TimeLimit=04:00:00",
        "NumCPUs=2",
        "MinMemoryNode=4G",
        "Partition=main",
        "Comment=pendulum",
    ):
        assert expected in details
    assert "starts on node" in next((reader / "experiments/.jobs/submitit").glob(f"{lab}_*.out")).read_text()

    assert "(JobArrayTaskLimit)" in said(capsys, LIST)
    assert "[job 1 on node1] starts " in said(capsys, LOGS)
    assert "job 1 saves and stops" in said(capsys, CANCEL)
    wait_until(lambda: states()["1"] == "stopped", "the end of the first job")
    stopped_at = read_metadata(runs()[0])["timestep"]
    assert newest_checkpoint(0) == stopped_at

    rl_pipeline(RESUME.replace("RUN", str(runs()[0].path)))
    wait_until(lambda: newest_checkpoint(0) > stopped_at, "a later checkpoint")
    assert main(shlex.split(RESUME_AUTO)[1:]) == 75  # its run is being trained
    rl_pipeline(CANCEL_ALL)
    wait_until(lambda: set(states().values()) == {"stopped"}, "the end of all jobs")
    assert 3 not in runs()

    stopped_at = newest_checkpoint(0)
    rl_pipeline(RESUME_AUTO)
    wait_until(lambda: newest_checkpoint(0) > stopped_at, "a later checkpoint")
    rl_pipeline(CANCEL_ALL)


@pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")
@pytest.mark.timeout(900)
def test_the_scripts_work(reader: Path, cluster: SlurmCluster) -> None:
    (reader / "pendulum.yaml").write_text(pendulum(2000))
    for command in (HERE, EVALUATE, THERE):
        result = run(command, reader)
        assert result.returncode == 0, result.stderr
    wait_until(lambda: list(states().values()) == ["finished"], "the end of the job")
    assert [read_metadata(run)["status"] for run in find_runs(Path("experiments"))] == ["finished"] * 2

    result = run(THERE.replace("slurm.sh", "supercloud.sh"), reader)
    assert result.returncode == 2
    assert "sbatch refused the job: sbatch: error: Invalid generic resource" in result.stderr
    assert "cannot be submitted" in run(THERE.replace("train.sh", "eval.sh"), reader).stderr


@pytest.mark.parametrize("name", ["slurm", *PAGE_PROFILES])
def test_profiles_of_the_page_are_valid(name: str) -> None:
    assert f"| `{name}` |" in PAGE.read_text()
    load_cluster(name)
