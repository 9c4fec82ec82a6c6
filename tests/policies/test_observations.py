import numpy as np

from rl_pipeline.policies.observations import map_parts, select_rows


def test_named_parts_are_replaced() -> None:
    observation = {"a": np.zeros(2), "b": np.ones(2)}
    changed = map_parts(observation, ["b"], lambda key, part: part * 5)
    assert isinstance(changed, dict)
    assert changed["b"].tolist() == [5, 5]
    assert changed["a"] is observation["a"]
    assert observation["b"].tolist() == [1, 1]


def test_plain_observation_is_the_only_part() -> None:
    assert map_parts(np.ones(1), ["observation"], lambda key, part: part * 5) == 5


def test_rows_are_selected_in_every_part() -> None:
    mask = np.array([True, False])
    chosen, others = {"a": np.ones((2, 3)), "b": np.ones(2)}, {"a": np.zeros((2, 3)), "b": np.zeros(2)}
    selected = select_rows(mask, chosen, others)
    assert isinstance(selected, dict)
    assert selected["a"].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert selected["b"].tolist() == [1, 0]
