"""Base class of adapters to simulations that offer step and reset as services of their own."""

from abc import ABC, abstractmethod

import numpy as np
from gymnasium import spaces

from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.robots import Transition
from rl_pipeline.policies.observations import Observation

__all__ = ["ServiceAdapter", "Transition"]


class ServiceAdapter(ABC):
    """Translates between a pair of services and an environment; each environment has an object of its own.

    Its arguments are `environment.kwargs`.

    Attributes:
        step_service: Name of the service that steps an environment; `{index}` becomes its number, e.g.
            `/tank_{index}/step`.
        reset_service: Name of the service that begins an episode.
        step_type: Type of the step service: its class, or a name such as `nav_msgs/srv/GetPlan`.
        reset_type: Type of the reset service.
        observation_space: Of one environment.
        action_space: Of one environment.
        max_episode_steps: Time limit, None if the simulation ends its episodes itself.
    """

    step_service: str
    reset_service: str
    step_type: type | str
    reset_type: type | str
    observation_space: spaces.Space
    action_space: spaces.Space
    max_episode_steps: int | None = None

    @abstractmethod
    def step_request(self, action: np.ndarray) -> Message:
        """Turn an action into a request of `step_type`."""

    @abstractmethod
    def transition(self, response: Message) -> Transition:
        """Turn a response of `step_type` into what the step gave."""

    @abstractmethod
    def reset_request(self, seed: int | None) -> Message:
        """Make a request of `reset_type`; a seed of None continues the simulation's own randomness."""

    @abstractmethod
    def first_observation(self, response: Message) -> Observation:
        """Turn a response of `reset_type` into the first observation of an episode."""
