"""A class and its arguments in YAML: `Name` or `Name: {argument: value}`."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_serializer

from rl_pipeline.config.section import InvalidValueError, Section, Text


class ClassSpec(Section):
    """A class and the arguments that it is made with; in YAML `Name` or `Name: {argument: value}`."""

    name: Text
    """Registered name of the class, or its class path."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the class."""

    @model_serializer
    def _as_written(self) -> str | dict[str, dict[str, Any]]:
        return {self.name: self.arguments} if self.arguments else self.name


def _from_yaml(item: Any) -> Any:
    if isinstance(item, str):
        return {"name": item}
    if not isinstance(item, Mapping):
        return item
    if len(item) != 1:
        remedy = "write `- Name` or `- Name: {argument: value}`; indent the arguments below the name"
        raise InvalidValueError(f"must be one name, here are {len(item)} keys", remedy=remedy)
    [(name, arguments)] = item.items()
    if not isinstance(arguments, Mapping | None):
        remedy = f"write `- {name}: {{argument: value}}`"
        raise InvalidValueError(f"the arguments of {name} must be a mapping", remedy=remedy)
    return {"name": name, "arguments": {} if arguments is None else arguments}


_NameAndArguments = Annotated[dict[str, dict[str, Any] | None], Field(min_length=1, max_length=1)]
NamedClass = Annotated[ClassSpec, BeforeValidator(_from_yaml, json_schema_input_type=str | _NameAndArguments)]
