"""State of an SB3 model beside its networks: counters, last observation, noise, replay buffer."""

from collections import deque
from collections.abc import Collection, Mapping

import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.noise import OrnsteinUhlenbeckActionNoise, VectorizedActionNoise

from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.hindsight_replay import HindsightReplayBuffer
from rl_pipeline.learners.sb3.own_state import own_attributes, restore_own_attributes
from rl_pipeline.plain_data import StateDict

COUNTERS = (
    "num_timesteps",
    "_episode_num",
    "_n_updates",
    "_n_calls",
    "_current_progress_remaining",
    "exploration_rate",
    "old_count",
)
"""Counters that version 0.1.0 kept in `model.zip`."""


def learner_state(
    model: BaseAlgorithm, arguments: Mapping[str, bytes], scheduled: Collection[str]
) -> StateDict:
    """Capture as plain data the state that the next iteration needs and `model.zip` does not contain.

    The arguments are those of `own_attributes`.
    """
    return {
        "attributes": own_attributes(model, arguments, scheduled),
        "action_space": model.action_space.np_random.bit_generator.state,
        "action_noise": [noise.noise_prev for noise in _stateful_noises(model)],
        "lstm": _lstm_arrays(internals.lstm_states(model)),
    }


def restore_learner_state(model: BaseAlgorithm, state: StateDict) -> None:
    """Restore a state of `learner_state` in a model of the same configuration."""
    restore_own_attributes(model, state["attributes"])
    for name, episodes in state.get("episodes", {}).items():  # version 0.1.0 wrote these separately
        setattr(model, name, deque(episodes, maxlen=internals.n_recent_episodes(model)))
    model.action_space.np_random.bit_generator.state = state["action_space"]
    for noise, previous in zip(_stateful_noises(model), state["action_noise"], strict=True):
        noise.noise_prev = previous
    if state["lstm"] is not None:
        assert isinstance(model, RecurrentPPO)
        internals.set_lstm_states(model, _lstm_states(state["lstm"], model.device))


def _stateful_noises(model: BaseAlgorithm) -> list[OrnsteinUhlenbeckActionNoise]:
    noise = model.action_noise
    noises = noise.noises if isinstance(noise, VectorizedActionNoise) else [noise]
    return [noise for noise in noises if isinstance(noise, OrnsteinUhlenbeckActionNoise)]


def _lstm_arrays(states: RNNStates | None) -> dict[str, list[np.ndarray]] | None:
    if states is None:
        return None
    return {name: [tensor.cpu().numpy() for tensor in getattr(states, name)] for name in RNNStates._fields}


def _lstm_states(arrays: Mapping[str, list[np.ndarray]], device: torch.device) -> RNNStates:
    def tensors(name: str) -> tuple[torch.Tensor, ...]:
        return tuple(torch.from_numpy(array).to(device) for array in arrays[name])

    return RNNStates(**{name: tensors(name) for name in RNNStates._fields})


def replay_buffer_state(buffer: ReplayBuffer) -> StateDict:
    """Capture a replay buffer's counters and the filled part of every array whose first axis is the buffer's.

    One row more than the filled ones is kept, since a memory-optimised buffer writes the next observation there.
    """
    filled = buffer.buffer_size if buffer.full else min(buffer.pos + 1, buffer.buffer_size)
    state: StateDict = {"pos": buffer.pos, "full": buffer.full, "filled": filled, "arrays": {}}
    for name, value in vars(buffer).items():
        if name == "infos":
            if getattr(buffer, "copy_info_dict", False):
                state["infos"] = [list(infos) for infos in value[:filled]]
        elif _is_storage(value, buffer):
            state["arrays"][name] = value[:filled]
        elif (
            isinstance(value, dict) and value and all(_is_storage(array, buffer) for array in value.values())
        ):
            state["arrays"][name] = {key: array[:filled] for key, array in value.items()}
    if isinstance(buffer, HindsightReplayBuffer):
        state["unfinished"] = buffer.unfinished
    return state


def restore_replay_buffer(buffer: ReplayBuffer, state: StateDict) -> None:
    """Fill a fresh replay buffer of the same configuration from a state of `replay_buffer_state`."""
    filled = state["filled"]
    for name, saved in state["arrays"].items():
        storage = getattr(buffer, name)
        if isinstance(saved, dict):
            for key, array in saved.items():
                storage[key][:filled] = array
        else:
            storage[:filled] = saved
    for index, infos in enumerate(state.get("infos", [])):
        buffer.infos[index] = infos  # type: ignore[attr-defined]
    buffer.pos, buffer.full = state["pos"], state["full"]
    if "current_ep_start" in state:  # earlier versions stored the starts of the running episodes
        state = {**state, "unfinished": (buffer.pos - state["current_ep_start"]) % buffer.buffer_size}
    if isinstance(buffer, HindsightReplayBuffer):
        buffer.resume_episodes(state["unfinished"])


def _is_storage(value: object, buffer: ReplayBuffer) -> bool:
    return isinstance(value, np.ndarray) and value.ndim >= 1 and len(value) == buffer.buffer_size
