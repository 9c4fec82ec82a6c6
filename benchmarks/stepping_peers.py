"""The other libraries whose stepping is compared."""

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.bench.stepping_contenders import Contender, MakeContender, random_actions, stepper


def make_envpool(environment: str, n: int, threads: int, *, batch_size: int) -> Contender | None:
    """envpool; with a smaller batch size than n it is asynchronous. None where it is not installed."""
    try:
        import envpool
    except ImportError:
        warnings.warn("envpool is not installed and takes no part", stacklevel=2)
        return None
    envs = envpool.make(
        environment, env_type="gymnasium", num_envs=n, batch_size=batch_size, num_threads=threads, seed=0
    )
    actions = random_actions(environment, batch_size).astype(np.float64)
    if batch_size == n:
        envs.reset()
        return Contender(stepper(envs.step, actions), envs.close)
    envs.async_reset()

    def exchange(action: NDArray[np.float64]) -> None:
        envs.send(action, envs.recv()[4]["env_id"])

    return Contender(stepper(exchange, actions), envs.close)


def make_envpool_sync(environment: str, n: int, threads: int) -> Contender | None:
    """envpool, all n at a time."""
    return make_envpool(environment, n, threads, batch_size=n)


def make_envpool_async(environment: str, n: int, threads: int) -> Contender | None:
    """envpool, whichever n/2 are done first."""
    return make_envpool(environment, n, threads, batch_size=n // 2)


PEERS: Mapping[str, MakeContender] = {
    "envpool sync": make_envpool_sync,
    "envpool async": make_envpool_async,
}
