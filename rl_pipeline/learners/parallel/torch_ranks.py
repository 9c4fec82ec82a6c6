"""Ranks of `torchrun`, joined by torch.distributed over gloo."""

import os
import sys
from datetime import timedelta
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from rl_pipeline.errors import FAILED
from rl_pipeline.learners.parallel.ranks import Ranks

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Variables that `torchrun` sets in every process."""
DAY = timedelta(days=1)
TIMED_OUT = "timed out"


class TorchRanks(Ranks):
    """Ranks joined by torch.distributed over gloo.

    If all ranks are on this host, they use the loopback interface, unless `GLOO_SOCKET_IFNAME` names another.
    """

    label = "torch.distributed, gloo"

    def __init__(self) -> None:
        super().__init__(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
        if os.environ.get("LOCAL_WORLD_SIZE") == str(self.size) and sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        dist.init_process_group("gloo", timeout=DAY)  # `Ranks.timeout` is shorter
        self.peers = self.gather(self.own)

    def mean(self, array: NDArray[np.floating[Any]]) -> None:
        """See `Ranks.mean`."""
        self._complete(lambda: dist.all_reduce(torch.from_numpy(array), async_op=True))
        array /= self.size

    def stack(self, array: NDArray[Any]) -> NDArray[Any]:
        """See `Ranks.stack`."""
        stacked = np.empty((self.size, *array.shape), array.dtype)
        rows = list(torch.from_numpy(stacked).reshape(self.size, -1))
        own = torch.from_numpy(np.array(array, order="C")).reshape(-1)
        self._complete(lambda: dist.all_gather(rows, own, async_op=True))
        return stacked

    def close(self) -> None:
        """See `Ranks.close`."""
        dist.destroy_process_group()

    def abort(self) -> None:
        """See `Ranks.abort`: the connections end with this process, which the others notice at once.

        It ends here, since gloo's destructor waits for a rank that hangs.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED)

    def _complete(self, start: Any) -> None:
        try:
            work = start()
            self._await(lambda seconds: _arrives(work, seconds))
        except RuntimeError as error:
            raise self._connection_lost(error) from error


def _arrives(work: Any, seconds: float) -> bool:
    try:
        work.wait(timedelta(seconds=seconds))
    except RuntimeError as error:
        if work.is_completed() or TIMED_OUT not in str(error):
            raise
        return False
    return True
