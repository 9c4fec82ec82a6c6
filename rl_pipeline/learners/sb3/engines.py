"""Choice of the class that trains: Stable-Baselines3's own, or our faster subclass (`training.engine`)."""

from typing import Literal

from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.learners.sb3.fast import FastDDPG, FastPPO, FastSAC, FastTD3, FastTQC
from rl_pipeline.learners.sb3.registry import Algorithm

FAST_CLASSES: dict[str, type[BaseAlgorithm]] = {
    "ppo": FastPPO,
    "sac": FastSAC,
    "td3": FastTD3,
    "ddpg": FastDDPG,
    "tqc": FastTQC,
}


def engine_class(algorithm: Algorithm, engine: Literal["fast", "stock"]) -> type[BaseAlgorithm]:
    """Return the class to train with; an algorithm without a faster subclass keeps SB3's.

    Args:
        algorithm: The algorithm.
        engine: `fast` or `stock`.
    """
    return (
        FAST_CLASSES.get(algorithm.name, algorithm.model_class) if engine == "fast" else algorithm.model_class
    )
