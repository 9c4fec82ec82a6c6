import io
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from PIL import Image

from rl_pipeline.envs.unity import images
from rl_pipeline.envs.unity.agent_rows import AgentRows, StepArrays
from rl_pipeline.envs.unity.behaviour import Behaviour, sensor_boxes
from rl_pipeline.envs.unity.decode import AgentBatch, decode_agents
from rl_pipeline.envs.unity.messages import message_class


def agent(*sensors: np.ndarray, **fields: Any) -> Any:
    info = message_class("AgentInfoProto")(**fields)
    for values in sensors:
        info.observations.add(shape=values.shape).float_data.data.extend(values.ravel().tolist())
    return info


def behaviour(n_continuous: int, branches: list[int], *sensors: np.ndarray) -> Behaviour:
    parameters = message_class("BrainParametersProto")(brain_name="Robot")
    parameters.action_spec.num_continuous_actions = n_continuous
    parameters.action_spec.num_discrete_actions = len(branches)
    parameters.action_spec.discrete_branch_sizes.extend(branches)
    return Behaviour(parameters, agent(*(sensors or (np.zeros(2),))))


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def test_vectors_and_buffers_become_batches_with_group_rewards() -> None:
    vectors, buffers = np.arange(6.0).reshape(2, 3), np.arange(16.0).reshape(2, 4, 2)
    infos = [
        agent(
            vectors[i], buffers[i], id=i, reward=1.0, group_reward=0.5, done=i == 1, max_step_reached=i == 1
        )
        for i in range(2)
    ]
    batch = decode_agents(infos, behaviour(1, [], vectors[0], buffers[0]))
    assert batch.observations[0].tolist() == vectors.tolist()
    assert batch.observations[1].tolist() == buffers.tolist()
    assert batch.rewards.tolist() == [1.5, 1.5]
    assert batch.done.tolist() == batch.interrupted.tolist() == [False, True]


def test_sensors_keep_the_order_in_which_they_come() -> None:
    first = agent(np.zeros(3), np.zeros(2))
    first.observations[0].name, first.observations[1].name = "velocity", "goal"
    parameters = message_class("BrainParametersProto")(brain_name="Robot")
    parameters.action_spec.num_continuous_actions = 1
    space = Behaviour(parameters, first).observation_space
    assert [box.shape for box in sensor_boxes(space)] == [(3,), (2,)]


def test_agents_with_other_sensors_are_refused() -> None:
    with pytest.raises(ValueError, match="a different number of values"):
        decode_agents([agent(np.zeros(3)), agent(np.zeros(2))], behaviour(1, [], np.zeros(3)))


@pytest.mark.parametrize("first", [False, True])
def test_pictures_of_old_and_new_packages(first: bool) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (4, 6, 6), np.uint8)
    data = png(picture[:, :, :3]) + png(picture[:, :, 3:])
    expected = picture.transpose(2, 0, 1) if first else picture
    assert (images.decode(expected.shape, data, []) == expected).all()


def test_a_grey_picture_is_the_mean_of_its_channels_and_minus_one_drops() -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[:] = 30, 60, 90
    assert (images.decode((2, 3, 1), png(picture), []) == 60).all()
    assert (images.decode((2, 3, 1), png(picture), [-1, 0, -1]) == 60).all()
    assert (images.decode((2, 3, 2), png(picture), [0, 0, 1])[0, 0] == [45, 90]).all()


def test_spaces_follow_from_the_behaviour() -> None:
    assert behaviour(2, []).action_space == spaces.Box(-1, 1, (2,), np.float32)
    assert behaviour(0, [3]).action_space == spaces.Discrete(3)
    assert behaviour(0, [3, 2]).action_space == spaces.MultiDiscrete([3, 2])
    assert behaviour(1, [3, 2]).action_space == spaces.Box(-1, 1, (6,), np.float32)
    several = behaviour(1, [], np.zeros(2), np.zeros((3, 4))).observation_space
    assert isinstance(several, spaces.Dict)
    assert [box.shape for box in several.values()] == [(2,), (3, 4)]


def test_hybrid_actions_choose_the_highest_allowed_score() -> None:
    forbidden = np.array([False, True, False, False, False])
    [proto] = behaviour(1, [3, 2]).protos(np.array([[0.5, 0.1, 0.9, 0.4, -1.0, 1.0]]), [forbidden])
    assert list(proto.continuous_actions) == [0.5]
    assert list(proto.discrete_actions) == [2, 1]


def test_agents_that_stay_still_take_the_first_allowed_choice() -> None:
    forbidden = np.array([True, False, False, False, True])
    assert behaviour(0, [3, 2]).still([forbidden, None]).tolist() == [[1, 0], [0, 0]]


def batch(ids: list[int], rewards: list[float], done: list[bool]) -> AgentBatch:
    seen = np.array(ids, np.float32)[:, None]
    interrupted = np.zeros(len(ids), bool)
    return AgentBatch(ids, [seen], np.array(rewards), np.array(done), interrupted, [None] * len(ids))


def test_rows_wait_for_the_next_episode_and_keep_its_rewards_for_the_next_step() -> None:
    rows, boxes = AgentRows(slice(0, 2)), [spaces.Box(-1, 1, (1,), np.float32)]
    rows.take(batch([1, 2], [0, 0], [False, False]), StepArrays(2, boxes))
    step = StepArrays(2, boxes)
    rows.begin_step(step)
    rows.take(batch([1, 2], [1.0, 2.0], [True, False]), step)
    assert not rows.complete
    rows.take(batch([3, 2], [0.25, 3.0], [False, False]), step)
    assert rows.complete
    assert step.rewards.tolist() == [1.0, 5.0]
    assert step.terminated.tolist() == [True, False]
    assert (step.final[0][0, 0], step.observations[0][0, 0]) == (1.0, 3.0)
    after = StepArrays(2, boxes)
    rows.begin_step(after)
    assert after.rewards.tolist() == [0.25, 0.0]
