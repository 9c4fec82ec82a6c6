"""Several ranks make the updates of one process that has all their data; with the real torchrun and mpirun."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from rl_pipeline.learners.parallel.joining import find_ranks
from rl_pipeline.learners.parallel.ranks import Peer, RankLostError, SingleRank, rank_seed
from tests.launchers import LAUNCHERS, start
from tests.thread_ranks import ThreadRanks

CHECKS = Path(__file__).with_name("rank_checks.py")
LABELS = {"torchrun": "torch.distributed, gloo", "mpirun": "MPI"}


@pytest.mark.timeout(1000)  # the machine may be busy
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_ranks_do_what_one_process_does_with_their_data(launcher: str) -> None:
    process = start([*LAUNCHERS[launcher], str(CHECKS)])
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    for rank in range(2):
        assert f"rank {rank} of 2 by {LABELS[launcher]}: all checks passed" in output


def test_a_process_without_launcher_is_a_single_rank() -> None:
    ranks = find_ranks()
    assert isinstance(ranks, SingleRank)
    assert ranks.leads
    assert ranks.gather(3) == [3]
    assert ranks.broadcast("x") == "x"
    assert ranks.any(True, False) == (True, False)


def test_rank_0_has_the_seed_of_the_configuration_and_no_two_ranks_share_one() -> None:
    assert rank_seed(7, 0) == 7
    seeds = {
        rank_seed(seed, rank, timestep) for seed in (0, 1) for rank in range(16) for timestep in (0, 100)
    }
    assert len(seeds) == 64
    assert rank_seed(7, 3) == rank_seed(7, 3)


def test_a_dead_process_is_told_from_a_running_one() -> None:
    process = subprocess.Popen(["sleep", "100"])
    host = SingleRank().own.host
    peer = Peer(1, host, process.pid)
    assert peer.condition() is None
    process.send_signal(19)
    while peer.condition() is None:  # the signal is on its way
        pass
    assert peer.condition() == "is suspended"
    ranks = ThreadRanks(0, [], threading.Barrier(2))
    ranks.peers, ranks.timeout = [ranks.own, peer], 0.0
    with pytest.raises(RankLostError, match=rf"waited for .*; rank 1 .* pid {process.pid}\) is suspended"):
        ranks.wait_in_vain()
    process.kill()
    while peer.condition() != "died":
        pass
    process.wait()
    assert peer.condition() == "died"
    with pytest.raises(RankLostError, match=r"^rank 1 \(host .* died, as rank 0 \(host .* noticed"):
        ranks.wait_in_vain()
    assert Peer(1, "elsewhere", os.getpid()).condition() is None
