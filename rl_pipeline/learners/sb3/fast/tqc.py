"""TQC with faster loops."""

from sb3_contrib import TQC
from sb3_contrib.tqc.policies import TQCPolicy

from rl_pipeline.learners.sb3.fast.critic_objectives import TruncatedQuantiles
from rl_pipeline.learners.sb3.fast.off_policy import FastOffPolicy
from rl_pipeline.learners.sb3.fast.off_policy_networks import check_policy
from rl_pipeline.learners.sb3.fast.soft_actor_critic import SoftUpdate


class FastTQC(FastOffPolicy, TQC):
    """sb3-contrib's TQC with compiled acting and gradient steps; what `FastSAC` says holds here as well."""

    def _make_update(self) -> SoftUpdate:
        check_policy(self.policy, TQCPolicy)
        return SoftUpdate(
            self, TruncatedQuantiles(self.top_quantiles_to_drop_per_net * self.critic.n_critics)
        )
