"""The section `training.off_policy`: extensions of Stable-Baselines3's algorithms with a replay buffer."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rl_pipeline.config.section import InvalidValueError, Section


def _range(values: list[float]) -> list[float]:
    if len(values) != 2 or not values[0] < values[1]:
        raise InvalidValueError("must be a range", remedy="write [lowest, highest], e.g. [-50.0, 0.0]")
    return values


class OffPolicy(Section):
    """Exploration and limits of the off-policy algorithms, mainly for sparse rewards; all are off by default."""

    random_actions: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Probability with which an environment takes a uniformly random action instead of the policy's."""
    max_grad_norm: Annotated[float, Field(gt=0)] | None = None
    """Largest Euclidean norm of the actor's gradient, and of the critics' gradient, in a gradient step; several
    ranks average their gradients first."""
    action_penalty: Annotated[float, Field(ge=0)] = 0.0
    """Factor of the mean square of the actions, each in [-1, 1], in the actor's loss; only for DDPG and TD3."""
    target_range: Literal["sparse"] | Annotated[list[float], AfterValidator(_range)] | None = None
    """Range to which the target critics' values are clipped; 'sparse' is [-1 / (1 - gamma), 0], which contains all
    returns if the rewards are -1 and 0."""

    def value_range(self, gamma: float) -> tuple[float, float] | None:
        """Return the range of the target critics' values, or None.

        Args:
            gamma: The discount factor, below 1.
        """
        if self.target_range == "sparse":
            return -1 / (1 - gamma), 0.0
        return None if self.target_range is None else (self.target_range[0], self.target_range[1])
