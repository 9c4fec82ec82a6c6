"""SB3 agents with faster loops: same parameters, mathematics and model files as the classes they derive from."""

from rl_pipeline.algorithms.fast.ppo import FastPPO
from rl_pipeline.algorithms.fast.sac import FastSAC
from rl_pipeline.algorithms.fast.td3 import FastTD3
from rl_pipeline.algorithms.fast.tqc import FastTQC

__all__ = ["FastPPO", "FastSAC", "FastTD3", "FastTQC"]
