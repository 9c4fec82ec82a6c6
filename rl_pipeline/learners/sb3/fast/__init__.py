"""SB3 agents with faster loops: same parameters, mathematics and model files as the classes they derive from."""

from rl_pipeline.learners.sb3.fast.ppo import FastPPO
from rl_pipeline.learners.sb3.fast.sac import FastSAC
from rl_pipeline.learners.sb3.fast.td3 import FastTD3
from rl_pipeline.learners.sb3.fast.tqc import FastTQC

__all__ = ["FastPPO", "FastSAC", "FastTD3", "FastTQC"]
