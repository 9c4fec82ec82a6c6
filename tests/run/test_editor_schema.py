"""What an editor checks and offers in an experiment file: the schema accepts what a training accepts."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import SECTION_NAMES, dump_config
from rl_pipeline.config.yaml_reader import parse_yaml, read_yaml
from rl_pipeline.learners.sb3.registry import ALGORITHMS
from rl_pipeline.run.editor_schema import editor_schema, schema_text
from tests.documentation import DOCS, ROOT, blocks

SCHEMA_LINE = "# yaml-language-server: $schema={}schema.json"
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
PAGES = sorted(DOCS.glob("*.md"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = editor_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def is_valid(validator: jsonschema.Draft202012Validator, text: str) -> bool:
    return validator.is_valid(parse_yaml(text, "experiment.yaml").mapping)


def training(validator: jsonschema.Draft202012Validator, text: str) -> bool:
    return is_valid(validator, f"training: {text}")


def environment(validator: jsonschema.Draft202012Validator, text: str) -> bool:
    return is_valid(validator, f"environment: {text}")


def test_the_file_in_the_repository_is_up_to_date() -> None:
    remedy = "write it with `rl-pipeline schema`"
    assert (ROOT / "configs" / "schema.json").read_text(encoding="utf-8") == schema_text(), remedy


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_every_shipped_configuration_is_valid_and_names_the_schema(
    validator: jsonschema.Draft202012Validator, file: Path
) -> None:
    assert file.read_text().startswith(SCHEMA_LINE.format(""))
    assert [error.message for error in validator.iter_errors(read_yaml(file).mapping)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_experiment_in_the_documentation_is_valid(
    validator: jsonschema.Draft202012Validator, page: Path
) -> None:
    for text in blocks(page, "yaml"):
        mapping = parse_yaml(text, page.name).mapping
        if mapping.keys() <= set(SECTION_NAMES):  # else it is another kind of file
            assert [error.message for error in validator.iter_errors(mapping)] == [], text


def test_the_file_of_the_quick_start_names_the_schema() -> None:
    for text in blocks(DOCS / "quick_start.md", "yaml"):
        assert text.splitlines()[1] == SCHEMA_LINE.format("configs/")


def test_a_resolved_configuration_is_valid(validator: jsonschema.Draft202012Validator) -> None:
    config = load_config_mapping({"environment": {"id": "CartPole-v1"}}).config
    assert is_valid(validator, dump_config(config))


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_parameters_are_those_of_the_algorithm(validator: jsonschema.Draft202012Validator, name: str) -> None:
    assert training(validator, f"{{algorithm: {name}, algorithm_parameters: {{learning_rate: 0.001}}}}")
    assert not training(validator, f"{{algorithm: {name}, algorithm_parameters: {{learning_rat: 0.001}}}}")
    assert not training(validator, f"{{algorithm: {name}, algorithm_parameters: {{learning_rate: fast}}}}")
    assert not training(validator, f"{{algorithm: {name.upper()}, algorithm_parameters: {{seed: 1}}}}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{algorithm: ppo, algorithm_parameters: {n_steps: 64, clip_range_vf: null}}", True),
        ("{algorithm: ppo, algorithm_parameters: {clip_range_vf: 'None', max_grad_norm: .inf}}", True),
        ("{algorithm: PPO, algorithm_parameters: {n_steps: 64.5}}", False),
        ("{algorithm: ppo, algorithm_parameters: {buffer_size: 1000}}", False),
        ("{algorithm: sac, algorithm_parameters: {buffer_size: 1000, ent_coef: auto}}", True),
        ("{algorithm: sac, algorithm_parameters: {train_freq: [1, episode], n_epochs: 3}}", False),
        ("{algorithm: QR-DQN, algorithm_parameters: {n_quantiles: 3}}", False),
        ("{algorithm: sac, algorithm_parameters: {replay_buffer_class: HerReplayBuffer}}", True),
        ("{algorithm: distillation, algorithm_parameters: {gamma: 0.9}}", False),
        ("{algorithm: recurrent_ppo}", True),
        ("{algorithm: pppo}", False),
        ("{algorithm: my.py:MyPPO, algorithm_parameters: {anything: 1}}", True),
        ("{algorithm_parameters: {anything: 1}}", True),
        ("{callbacks: [mine.py:Mine, {mine.py:Other: {a: 1}}]}", True),
        ("{callbacks: [mine]}", False),
        ("{architecture: {features_extractor_class: ResnetMLP, activation_fn: ReLU}}", True),
        ("{architecture: {features_extractor_class: Resnet}}", False),
        ("{architecture: {features_extractor_class: 'None', activation_fn: a.b:C}}", True),
    ],
)
def test_what_stands_under_training(
    validator: jsonschema.Draft202012Validator, text: str, expected: bool
) -> None:
    assert training(validator, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{wrappers: [{frame_stack: {n_frames: 2}}, mine.py:Mine, {mine.py:Mine: {a: 1}}]}", True),
        ("{wrappers: [{frame_stack: {frames: 2}}]}", False),
        ("{wrappers: [{frame_stack: {n_frames: two}}]}", False),
        ("{wrappers: [frame_stack]}", False),
        ("{wrappers: [framestack]}", False),
        ("{wrappers: [{observation_noise: {std: [0.1, 0.2]}}]}", True),
        ("{randomization: {mass: {scale: [0.8, 1.2]}}}", True),
        ("{randomization: {mass: {scales: [0.8, 1.2]}}}", False),
        ("{randomization: {wind: 1}}", False),
        ("{randomization: 'None'}", True),
        ("{id: own.py:Env}", True),
        ("{id: Registered/Elsewhere-v0}", True),
    ],
)
def test_what_stands_under_environment(
    validator: jsonschema.Draft202012Validator, text: str, expected: bool
) -> None:
    assert environment(validator, text) == expected


def test_names_are_offered() -> None:
    definitions: dict[str, Any] = json.loads((ROOT / "configs" / "schema.json").read_text())["$defs"]
    ids = definitions["Environment"]["properties"]["id"]["anyOf"][0]["enum"]
    assert {"HalfCheetah-v5", "FetchReach-v4", "Balancer-v0", "MotionImitation-v0"} <= set(ids)
    algorithms = definitions["Training"]["properties"]["algorithm"]["anyOf"][0]["enum"]
    assert {"ppo", "distillation"} <= set(algorithms)
    [ppo] = [
        rule["then"]["properties"]["algorithm_parameters"]
        for rule in definitions["Training"]["allOf"]
        if "[pP][-_ ]*[pP][-_ ]*[oO]" in rule["if"]["properties"]["algorithm"]["pattern"][:25]
    ]
    assert ppo["properties"]["n_steps"]["default"] == 2048
    assert "number of steps" in ppo["properties"]["n_steps"]["description"]
