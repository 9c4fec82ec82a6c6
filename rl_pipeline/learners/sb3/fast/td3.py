"""TD3 with faster loops."""

from stable_baselines3 import TD3
from stable_baselines3.td3.policies import TD3Policy

from rl_pipeline.learners.sb3.fast.off_policy import FastOffPolicy
from rl_pipeline.learners.sb3.fast.off_policy_networks import check_policy
from rl_pipeline.learners.sb3.fast.td3_update import TD3Update


class FastTD3(FastOffPolicy, TD3):
    """SB3's TD3 with compiled acting and gradient steps; what `FastSAC` says holds here as well."""

    def _make_update(self) -> TD3Update:
        check_policy(self.policy, TD3Policy)
        return TD3Update(self)
