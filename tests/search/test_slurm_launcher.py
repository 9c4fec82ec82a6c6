"""The launcher of jobs on a real Slurm, with commands that start faster than trainings."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.cli import main
from rl_pipeline.config.cluster import Cluster
from rl_pipeline.errors import RefusedError
from rl_pipeline.search.launcher import Work
from rl_pipeline.search.slurm import SlurmLauncher
from tests.slurm_cluster import SlurmCluster, wait_until

pytestmark = pytest.mark.timeout(600)  # on a busy machine
SAVES = "trap 'echo saved; exit 0' USR1 INT TERM; echo started; while :; do sleep 0.1; done"
MakeWork = Callable[..., Work]


@pytest.fixture
def work(tmp_path: Path) -> MakeWork:
    def make(name: str, script: str = "true") -> Work:
        return Work(name, ("bash", "-c", script), tmp_path / "logs" / f"{name}.log")

    return make


def wait_for(launcher: SlurmLauncher, job: str, state: str) -> None:
    wait_until(lambda: launcher.state(job) == state, f"job {job} to be {state}")


def wait_for_line(work: Work, line: str) -> None:
    wait_until(lambda: work.log.exists() and line in work.log.read_text().splitlines(), f"'{line}'")


@pytest.mark.usefixtures("cluster")
def test_jobs_end_as_their_commands_do_and_another_process_knows_it(tmp_path: Path, work: MakeWork) -> None:
    launcher = SlurmLauncher(Cluster(setup=["export GREETING='good day'"]), tmp_path / "jobs")
    good = launcher.submit(work("good", "test \"$GREETING\" = 'good day'"))
    bad = launcher.submit(work("bad", "exit 3"))
    lost = launcher.submit(work("lost", "kill -KILL $$"))
    unset = SlurmLauncher(Cluster(setup=["false"]), tmp_path / "jobs").submit(work("unset"))
    later = SlurmLauncher(Cluster(), tmp_path / "jobs")
    for job, state in ((good, "finished"), (bad, "failed"), (lost, "stopped"), (unset, "failed")):
        wait_for(later, job, state)
    assert later.state("999") == "stopped"


@pytest.mark.usefixtures("cluster")
def test_a_command_runs_once_in_its_container_on_the_first_of_its_nodes(
    tmp_path: Path, work: MakeWork
) -> None:
    profile = Cluster(nodes=2, container="env INSIDE=yes", environment={"OUTSIDE": "it's too"})
    launcher = SlurmLauncher(profile, tmp_path / "jobs")
    shell = work("shell", 'echo "$INSIDE $OUTSIDE $SLURM_JOB_NUM_NODES"')
    program = Work("program", (sys.executable, "-c", "import sys; print(sys.argv)"), tmp_path / "program.log")
    for job in launcher.submit_all([shell, program]):
        wait_for(launcher, job, "finished")
    assert shell.log.read_text().splitlines()[1:] == ["yes it's too 2"]
    assert " starts env INSIDE=yes python -c " in program.log.read_text()


@pytest.mark.usefixtures("cluster")
def test_an_array_runs_as_many_at_a_time_as_the_profile_says(tmp_path: Path, work: MakeWork) -> None:
    launcher = SlurmLauncher(Cluster(parallel=1), tmp_path / "jobs")
    assert launcher.n_parallel == 1
    works = [work(f"w{number}", SAVES) for number in range(3)]
    first, second, third = launcher.submit_all(works)
    assert [first, second, third] == [f"{first.partition('_')[0]}_{number}" for number in range(3)]
    wait_for_line(works[0], "started")
    assert [launcher.state(job) for job in (first, second, third)] == ["running", "queued", "queued"]
    launcher.stop(third)
    wait_for(launcher, third, "stopped")
    assert not works[2].log.exists()
    launcher.stop(first)
    wait_for(launcher, first, "stopped")
    assert works[0].log.read_text().splitlines()[-1] == "saved"
    wait_for_line(works[1], "started")
    launcher.stop(second, at_once=True)
    wait_for(launcher, second, "stopped")
    launcher.stop(second)
    assert launcher.state(second) == "stopped"


@pytest.mark.usefixtures("cluster")
def test_a_job_is_stopped_if_its_command_ends_before_the_signal_arrives(
    tmp_path: Path, work: MakeWork
) -> None:
    launcher = SlurmLauncher(Cluster(), tmp_path / "jobs")
    job = launcher.submit(work("quick", "(sleep 0.1; kill -INT $PPID) & exit 0"))
    wait_until(lambda: launcher.state(job) != "queued", "its start")
    wait_until(lambda: launcher.state(job) != "running", "its end")
    assert launcher.state(job) == "stopped"


def test_jobs_outlive_the_controller(
    cluster: SlurmCluster,
    tmp_path: Path,
    work: MakeWork,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    launcher = SlurmLauncher(Cluster(), tmp_path / ".jobs")
    patient = work("patient", f"echo started; while ! test -e {tmp_path}/end; do sleep 0.1; done")
    job = launcher.submit(patient)
    wait_for_line(patient, "started")
    cluster.wait_until_saved(job)
    cluster.kill("slurmctld")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.without_patience().items():
            patch.setenv(name, value)
        assert SlurmLauncher(Cluster(), tmp_path / ".jobs").state(job) == "running"
        assert f"job {job} counts as running" in caplog.text
        assert main(["jobs", "list", "--folder", str(tmp_path)]) == 1
    assert "squeue: slurm_load_jobs error" in capsys.readouterr().err
    cluster.start_controller()
    wait_for(launcher, job, "running")
    (tmp_path / "end").touch()
    wait_for(launcher, job, "finished")


@pytest.mark.usefixtures("cluster")
def test_what_sbatch_refuses_is_refused_in_its_words(tmp_path: Path, work: MakeWork) -> None:
    launcher = SlurmLauncher(Cluster(partition="absent"), tmp_path / "jobs")
    with pytest.raises(RefusedError, match="sbatch refused the job: sbatch: error: invalid partition"):
        launcher.submit(work("any"))


def test_a_machine_without_slurm_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        RefusedError, match="sbatch, srun, squeue, scontrol, scancel of Slurm cannot be found"
    ):
        SlurmLauncher(Cluster(), tmp_path)
