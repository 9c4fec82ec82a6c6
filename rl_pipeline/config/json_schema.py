"""The JSON schema with which editors complete and check experiment files."""

from typing import Any

from rl_pipeline.config.blocks import DEFAULT_BLOCK
from rl_pipeline.config.key_schema import Schema
from rl_pipeline.config.schema import Config


def json_schema() -> Schema:
    """Return the schema of an experiment file.

    It is wider than the schema of `Config`: the string 'None' represents null, sections may be in a
    `Default` block or in one named after an environment, and nothing is required of a single block.
    """
    schema = for_editors(Config.model_json_schema())
    schema.pop("required")
    schema["$defs"]["Environment"].pop("required")
    block = {key: schema[key] for key in ("type", "properties", "additionalProperties")}
    schema["$defs"]["Block"] = block | {"description": "Sections for one environment, or for all of them."}
    reference = {"$ref": "#/$defs/Block"}
    schema["properties"] = schema["properties"] | {DEFAULT_BLOCK: reference}
    schema["additionalProperties"] = reference
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Experiment", **schema}


def for_editors(node: object) -> Any:
    """Drop the titles that repeat the keys, and allow 'None' wherever null is allowed."""
    if isinstance(node, list):
        return [for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: for_editors(value) for key, value in node.items() if not _is_title(key, value)}
    if {"type": "null"} in copy.get("anyOf", ()):
        copy["anyOf"] = [*copy["anyOf"], {"const": "None"}]
    return copy


def _is_title(key: str, value: object) -> bool:
    """Return whether this is a schema's title and not the schema of a property called `title`."""
    return key == "title" and isinstance(value, str)
