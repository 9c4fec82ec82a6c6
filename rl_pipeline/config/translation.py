"""Translation of pydantic's errors to problems in plain English."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rl_pipeline.config.errors import MISSING, Problem, nearest
from rl_pipeline.config.key_schema import KeySchema, key_schema, value_at, value_below
from rl_pipeline.config.places import KeyPath
from rl_pipeline.config.section import InvalidValueError

Model = TypeVar("Model", bound=BaseModel)

_KINDS = {
    type(None): "null",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


def validate(model: type[Model], mapping: Mapping[str, object]) -> tuple[Model | None, list[Problem]]:
    """Return the mapping as a model, or None and its problems, without places."""
    try:
        return model.model_validate(mapping), []
    except ValidationError as error:
        translator = _Translator(mapping, key_schema(model))
        problems = [translator.problem(details) for details in error.errors(include_url=False)]
        # A value that fits no member of a union causes one error per member.
        return None, list({problem.key: problem for problem in problems}.values())


class _Translator:
    def __init__(self, mapping: Mapping[str, object], schema: KeySchema) -> None:
        self._mapping = mapping
        self._schema = schema

    def problem(self, details: ErrorDetails) -> Problem:
        kind, loc = details["type"], details["loc"]
        path = self._key_path(loc)
        if kind == "extra_forbidden" or loc[-1] == "[key]":
            return self._unknown_key(path)
        if kind == "missing":
            return self._missing_key((*path, str(loc[-1])))
        if kind == "union_tag_not_found":
            return self._missing_key((*path, "type"))
        if kind == "union_tag_invalid":
            return self._no_choice((*path, "type"))
        if kind == "literal_error":
            return self._no_choice(path)
        refusal = details.get("ctx", {}).get("error")
        if isinstance(refusal, InvalidValueError):
            return self._refused(path, refusal)
        return self._wrong_value(path)

    def _key_path(self, loc: tuple[int | str, ...]) -> KeyPath:
        """Return the part of pydantic's location that exists in the mapping.

        Pydantic also writes the names of union members and of fields that validators made.
        """
        path: list[str] = []
        value: Any = self._mapping
        for part in map(str, loc):
            below = value_below(value, part)
            if below is not MISSING:
                value = below
                path.append(part)
        return tuple(path)

    def _unknown_key(self, path: KeyPath) -> Problem:
        name = path[-1]
        valid = self._schema.valid_keys(path[:-1], self._mapping)
        misspelt = nearest(name, valid, cutoff=0.9)  # such as a plural, which another section may have
        elsewhere = [] if misspelt else [".".join(other) for other in self._schema.paths_ending_in(name)]
        meant = elsewhere[0] if elsewhere else nearest(name, valid)
        remedy = "use one of the valid keys, or remove it"
        if elsewhere:
            remedy = f"move it to {' or '.join(elsewhere)}"
        elif meant:
            remedy = f"rename it to {meant}, or remove it"
        value = value_at(self._mapping, path)
        return Problem(".".join(path), "unknown key", value, valid, meant, remedy)

    def _missing_key(self, path: KeyPath) -> Problem:
        valid = self._schema.valid_values(path, self._mapping)
        remedy = f"add the key `{path[-1]}:` with {' or '.join(valid)}"
        return Problem(".".join(path), "is missing", valid=valid, remedy=remedy)

    def _no_choice(self, path: KeyPath) -> Problem:
        value = value_at(self._mapping, path)
        valid = self._schema.valid_values(path, self._mapping)
        meant = nearest(str(value), valid)
        remedy = f"write {meant or 'one of them'}"
        return Problem(".".join(path), "is not a valid value", value, valid, meant, remedy)

    def _refused(self, path: KeyPath, refusal: InvalidValueError) -> Problem:
        valid = refusal.valid or self._schema.valid_values(path, self._mapping)
        value = value_at(self._mapping, path)
        return Problem(".".join(path), refusal.message, value, valid, refusal.nearest, refusal.remedy)

    def _wrong_value(self, path: KeyPath) -> Problem:
        value = value_at(self._mapping, path)
        valid = self._schema.valid_values(path, self._mapping)
        wanted, kind = " or ".join(valid), _KINDS.get(type(value), type(value).__name__)
        is_near = wanted.startswith(kind) or (isinstance(value, int) and "a number" in wanted)
        found = repr(value) if is_near and not isinstance(value, bool) else kind
        remedy = _remedy_for_quotes(value, valid) or f"write {wanted}"
        return Problem(".".join(path), f"must be {wanted}, is {found}", value, valid, remedy=remedy)


def _remedy_for_quotes(value: object, valid: list[str]) -> str | None:
    """Return the remedy if quotes are missing or superfluous."""
    if isinstance(value, bool | int | float) and all(words.startswith(("text", "null")) for words in valid):
        return f"put it in quotes: '{value}'"
    wants_number = any(words.startswith(("a number", "an integer")) for words in valid)
    return f"remove the quotes: {value}" if wants_number and _is_number_as_text(value) else None


def _is_number_as_text(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)
