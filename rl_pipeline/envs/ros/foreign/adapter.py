"""Base class of adapters for simulations with their own services for step and reset."""

from abc import ABC, abstractmethod

import numpy as np
from gymnasium import spaces

from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.robots import Transition
from rl_pipeline.policies.observations import Observation

__all__ = ["ServiceAdapter", "Transition"]


class ServiceAdapter(ABC):
    """Translates between a pair of services and an environment; each environment has its own adapter.

    Its arguments are `environment.kwargs`.

    Attributes:
        step_service: Name of the service that steps an environment; `{index}` becomes its number, e.g.
            `/tank_{index}/step`.
        reset_service: Name of the service that starts an episode.
        step_type: Type of the step service: its class, or a name such as `nav_msgs/srv/GetPlan`.
        reset_type: Type of the reset service.
        observation_space: Observation space of one environment.
        action_space: Action space of one environment.
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
        """Convert an action to a request of `step_type`."""

    @abstractmethod
    def transition(self, response: Message) -> Transition:
        """Convert a response of `step_type` to the result of the step."""

    @abstractmethod
    def reset_request(self, seed: int | None) -> Message:
        """Make a request of `reset_type`; a seed of None continues the simulation's random generator."""

    @abstractmethod
    def first_observation(self, response: Message) -> Observation:
        """Convert a response of `reset_type` to the first observation of an episode."""
