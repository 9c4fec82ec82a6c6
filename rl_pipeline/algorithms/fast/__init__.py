"""SB3 agents with faster loops: same parameters, mathematics and model files as the classes they derive from."""

from rl_pipeline.algorithms.fast.ppo import FastPPO

__all__ = ["FastPPO"]
