"""SB3 agents with faster loops: same parameters, mathematics and model files as the classes they derive from."""

from rl_pipeline.learners.sb3.fast.off_policy import FastDDPG, FastSAC, FastTD3, FastTQC
from rl_pipeline.learners.sb3.fast.ppo import FastPPO

__all__ = ["FastDDPG", "FastPPO", "FastSAC", "FastTD3", "FastTQC"]
