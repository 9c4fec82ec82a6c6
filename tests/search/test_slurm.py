"""Trainings on a real Slurm end as if they had never been disturbed."""

import pytest

from tests.search.slurm_trainings import Trainings
from tests.slurm_cluster import wait_until

pytestmark = pytest.mark.timeout(1200)  # many processes start, perhaps on a busy machine


def test_signals_and_kills_change_nothing(trainings: Trainings, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = trainings.submit("--seeds", "0-2")
    for seed in range(3):
        trainings.wait_for_checkpoint(seed)
    trainings.cluster.ask("scancel", "--signal=USR1", jobs[0])  # as Slurm sends it before the time limit
    trainings.cluster.ask("scancel", jobs[1])
    trainings.kill_process(2)
    for seed in (1, 2):
        trainings.wait_for_state(jobs[seed], "stopped")
        jobs[seed : seed + 1] = trainings.submit("--resume", "auto", f"experiment.seed={seed}")
    for job in jobs:
        trainings.wait_for_state(job, "finished")
    trainings.assert_undisturbed([0, 1, 2])
    assert "saved before the time limit" in trainings.log(jobs[0])

    capsys.readouterr()
    assert trainings.submit("--resume", "auto", "--seeds", "0-2") == []
    assert capsys.readouterr().out.count("has finished its 800 timesteps") == 3


def test_preemptions_and_a_lost_node_change_nothing(trainings: Trainings) -> None:
    cluster = trainings.cluster
    [job] = trainings.submit("--seeds", "0", "cluster.cpus=4")  # one job fills a node
    [given_time] = trainings.submit("--seeds", "1", "cluster.cpus=4", "cluster.partition=spare")
    for seed in (0, 1):
        trainings.wait_for_checkpoint(seed)
    preempt = ("--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=true")
    cluster.finish(*preempt)
    assert trainings.newest_status(0) == trainings.newest_status(1) == "stopped"

    preempted_at = trainings.newest_checkpoint(0)
    trainings.wait_for_checkpoint(0, after=preempted_at)
    node = cluster.node_of(job)
    cluster.kill_node(node)
    cluster.ask("scontrol", "update", f"nodename={node}", "state=DOWN", "reason=killed")
    wait_until(lambda: cluster.node_of(job) not in ("", node), "the other node")
    for each in (job, given_time):
        trainings.wait_for_state(each, "finished")
    trainings.assert_undisturbed([0, 1])
    assert "saved; the job is queued again" in trainings.log(given_time)
    cluster.start_node(node)
    wait_until(cluster.is_idle, "idle nodes")
