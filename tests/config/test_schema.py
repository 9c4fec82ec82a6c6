import random
from pathlib import Path
from typing import Any

import pytest

from rl_pipeline.config.loading import load_config, load_config_mapping
from rl_pipeline.config.schema import Config, dump_config

from .conftest import Write

EXAMPLE = Path(__file__).parents[2] / "configs" / "base_ppo_config.yaml"
TEXTS = [
    "a",
    "3e-4",
    "true",
    "1:30",
    "",
    " x ",
    "a: b",
    "#",
    "two\nlines",
    "ünïcode 😀",
    "it's",
    '"',
    "-",
    "1_0",
    "0x1",
]


def random_value(rng: random.Random, depth: int = 0) -> Any:
    makers = [
        lambda: rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300),
        lambda: rng.randint(-(10**12), 10**12),
        lambda: rng.choice([True, False, None, float("inf"), 0.0, 1e22, 5e-324]),
        lambda: rng.choice(TEXTS),
    ]
    if depth < 3:
        makers.append(lambda: [random_value(rng, depth + 1) for _ in range(rng.randint(0, 3))])
        makers.append(lambda: random_mapping(rng, depth + 1))
    return rng.choice(makers)()


def random_mapping(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    return {rng.choice(TEXTS): random_value(rng, depth) for _ in range(rng.randint(0, 4))}


def random_config(rng: random.Random) -> Config:
    cadence = rng.choice([{}, {"frequency": rng.randint(1, 10**6)}, {"num_evals": rng.randint(0, 50)}])
    schedule = rng.choice(
        [
            {"type": "constant", "value": rng.random()},
            {"type": "cosine", "initial": rng.random(), "final": rng.random(), "warmup": rng.random() / 2},
            {"type": "piecewise", "points": [[0.0, rng.random()], [rng.uniform(0.1, 1), rng.random()]]},
        ]
    )
    wrappers = ["Noise", {"FrameStack": random_mapping(rng) | {"n": 4}}]
    net_arch = rng.choice([None, [], [64, 64], {"pi": [64], "qf": []}])
    return Config.model_validate(
        {
            "experiment": {"seed": rng.randint(0, 2**32 - 1), "tags": rng.sample(TEXTS, 3)},
            "environment": {
                "id": "Ant-v5",
                "wrappers": rng.sample(wrappers, rng.randint(0, 2)),
                "normalize": rng.choice([True, False, {"reward": True, "epsilon": rng.random() + 1e-9}]),
                "kwargs": random_mapping(rng),
            },
            "training": {
                "algorithm_parameters": random_mapping(rng),
                "schedules": {"learning_rate": schedule},
                "architecture": {"net_arch": net_arch},
                "training": {"eval": cadence},
            },
        }
    )


@pytest.mark.parametrize("seed", range(40))
def test_a_dumped_configuration_loads_back_equal(seed: int, write: Write) -> None:
    config = random_config(random.Random(seed))
    text = dump_config(config)
    loaded = load_config(write(text), default_file=None)
    assert loaded.config == config
    assert dump_config(loaded.config) == text


def test_the_example_file_survives_the_round_trip(write: Write) -> None:
    config = load_config(EXAMPLE).config
    assert load_config(write(dump_config(config))).config == config


def test_every_key_is_written_out_but_the_number_that_a_frequency_overrules() -> None:
    mapping = {"environment": {"id": "a"}, "training": {"checkpoint": {"frequency": 50}}}
    loaded = load_config_mapping(mapping)
    text = dump_config(loaded.config)
    assert "frequency: 50" in text
    assert "num_evals: 10" in text
    assert "num_checkpoints" not in text
