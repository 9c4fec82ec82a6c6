"""SAC with faster loops."""

from stable_baselines3 import SAC
from stable_baselines3.sac.policies import SACPolicy

from rl_pipeline.learners.sb3.fast.critic_objectives import ClippedDoubleQ
from rl_pipeline.learners.sb3.fast.off_policy import FastOffPolicy
from rl_pipeline.learners.sb3.fast.off_policy_networks import check_policy
from rl_pipeline.learners.sb3.fast.soft_actor_critic import SoftUpdate


class FastSAC(FastOffPolicy, SAC):
    """SB3's SAC with compiled acting and gradient steps.

    Parameters, mathematics, use of random numbers, logged values and `model.zip` are those of
    `stable_baselines3.SAC`, which loads and continues what this class saves. A model with images, dictionary
    observations, gSDE, a trained features extractor that actor and critic share, an optimizer other than Adam
    and AdamW, or a device other than the CPU trains in SB3's loops.
    """

    def _make_update(self) -> SoftUpdate:
        check_policy(self.policy, SACPolicy)
        return SoftUpdate(self, ClippedDoubleQ(loss_scale=0.5, first_only=False))
