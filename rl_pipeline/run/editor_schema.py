"""The JSON schema of experiment files, extended by names of other packages and their arguments.

These are environments, algorithms with their parameters, wrappers, networks and randomisation. If a user's own class
or an environment of another package is valid as well, the names are only suggestions.
"""

import inspect
import json
import re
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter

from rl_pipeline.config.json_schema import for_editors, json_schema
from rl_pipeline.config.key_schema import Schema
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig
from rl_pipeline.envs.mujoco.registry import TASKS
from rl_pipeline.envs.registry import list_environments
from rl_pipeline.learners.registry import DISTILLATION
from rl_pipeline.learners.sb3.parameters import (
    BUILT_FROM_YAML,
    constructor_arguments,
    primitive_types,
    valid_parameters,
)
from rl_pipeline.learners.sb3.registry import ALGORITHMS, Algorithm
from rl_pipeline.models.registry import ACTIVATIONS, FEATURE_EXTRACTORS
from rl_pipeline.wrappers.registry import WRAPPERS

CLASS_PATH: Schema = {"type": "string", "pattern": ":"}
ARGUMENTS: Schema = {"type": ["object", "null"]}
JSON_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    type(None): "null",
}


def schema_text() -> str:
    """Return the text of configs/schema.json."""
    return json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n"


def editor_schema() -> Schema:
    """Return the schema of an experiment file with all known names."""
    schema = json_schema()
    definitions = schema["$defs"]
    environment, training = (definitions[name]["properties"] for name in ("Environment", "Training"))
    architecture = definitions["Architecture"]["properties"]
    environments = sorted({*list_environments(), *TASKS})
    environment["id"]["anyOf"] = [{"enum": environments}, {"type": "string"}]
    environment["wrappers"]["items"] = _named_classes(WRAPPERS)
    randomization = for_editors(RandomizationConfig.model_json_schema())
    definitions |= {**randomization.pop("$defs"), "Randomization": randomization}
    environment["randomization"]["anyOf"][0] = {"$ref": "#/$defs/Randomization"}
    training["algorithm"]["anyOf"] = [
        {"enum": sorted([*ALGORITHMS, DISTILLATION])},
        *map(_any_spelling, [*ALGORITHMS, DISTILLATION]),
        CLASS_PATH,
    ]
    training["callbacks"]["items"] = _named_classes({})
    for key, names in (("features_extractor_class", FEATURE_EXTRACTORS), ("activation_fn", ACTIVATIONS)):
        architecture[key]["anyOf"][0] = {"anyOf": [{"enum": sorted(names)}, CLASS_PATH]}
    definitions["Training"]["allOf"] = [
        *(_if_algorithm(name, _parameters(algorithm)) for name, algorithm in ALGORITHMS.items()),
        _if_algorithm(DISTILLATION, {"maxProperties": 0}),
    ]
    return schema


def _any_spelling(name: str) -> Schema:
    """Return the schema of an algorithm's name as `canonical_name` reads it, such as `QR-DQN` for `qrdqn`."""
    letters = (f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in name)
    return {"pattern": f"^{'[-_ ]*'.join(letters)}$"}


def _if_algorithm(name: str, parameters: Schema) -> Schema:
    """Return the rule for an algorithm's parameters; a block that names no algorithm is not checked."""
    is_named = {"properties": {"algorithm": _any_spelling(name)}, "required": ["algorithm"]}
    return {"if": is_named, "then": {"properties": {"algorithm_parameters": parameters}}}


def _parameters(algorithm: Algorithm) -> Schema:
    """Return the schema of the parameters of an algorithm."""
    model_class = algorithm.model_class
    descriptions = _descriptions(model_class)
    properties = {
        name: _parameter(name, parameter, descriptions.get(name))
        for name, parameter in valid_parameters(model_class).items()
    }
    if "replay_buffer_class" in constructor_arguments(model_class):
        older = "Older form of training.hindsight_replay."
        properties["replay_buffer_class"] = {"const": "HerReplayBuffer", "description": older}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _parameter(name: str, parameter: inspect.Parameter, description: str | None) -> Schema:
    schema: Schema = {} if description is None else {"description": description}
    if isinstance(parameter.default, bool | int | float | str | None):
        schema["default"] = parameter.default
    accepted = primitive_types(parameter.annotation)
    if name in BUILT_FROM_YAML or not accepted - {type(None)}:
        return schema
    types = [json_type for kind, json_type in JSON_TYPES.items() if kind in accepted]
    return for_editors({**schema, "anyOf": [{"type": json_type} for json_type in types]})


def _descriptions(model_class: type) -> dict[str, str]:
    """Read the descriptions of parameters from the docstrings of an algorithm and its base classes."""
    found: dict[str, str] = {}
    for parent in model_class.__mro__:
        for name, text in re.findall(r":param (\w+):(.*?)(?=\n\s*:|\Z)", parent.__doc__ or "", re.S):
            found.setdefault(name, " ".join(text.split()))
    return found


def _named_classes(registered: Mapping[str, type]) -> Schema:
    """Return the schema of an item `Name` or `Name: {argument: value}`, where the name may be a class path."""
    arguments = {name: _arguments(found) for name, found in registered.items()}
    alone = sorted(name for name, schema in arguments.items() if not schema["required"])
    with_arguments = {
        "type": "object",
        "properties": arguments,
        "patternProperties": {CLASS_PATH["pattern"]: ARGUMENTS},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"anyOf": [*_enumerated(alone), CLASS_PATH, with_arguments]}


def _enumerated(names: Iterable[str]) -> list[Schema]:
    listed = list(names)
    return [{"enum": listed}] if listed else []


def _arguments(wrapper: type) -> Schema:
    """Return the schema of the keyword arguments of a wrapper, whose first argument is the environment."""
    _, *parameters = inspect.signature(wrapper, eval_str=True).parameters.values()
    return {
        "type": "object",
        "description": (inspect.getdoc(wrapper) or "").partition("\n")[0],
        "properties": {one.name: TypeAdapter(one.annotation).json_schema() for one in parameters},
        "required": [one.name for one in parameters if one.default is one.empty],
        "additionalProperties": False,
    }
