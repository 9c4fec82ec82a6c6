"""The space of a search: `sweep.space` and comma lists of the command line, as Optuna's distributions."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from optuna.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rl_pipeline.config.errors import MISSING, ConfigError, Problem, nearest
from rl_pipeline.config.overrides import COMMAND_LINE
from rl_pipeline.config.yaml_reader import parse_value

KEY = "sweep.space"
_RANGE_KEYS = ("low", "high", "log", "step", "int")
_EXAMPLE = "write a list of choices, or {low: 1.0e-5, high: 1.0e-3, log: true}"
_NEEDS_JSON = ("[", "{", '"')
_CLOSING = {"[": "]", "{": "}"}
_BEFORE_A_VALUE = (",", "[", "{", ":", "")


def parse_space(mapping: Mapping[str, object], place: str | None = None) -> dict[str, BaseDistribution]:
    """Return the distribution of each key, in the order of the mapping.

    Args:
        mapping: The value of `sweep.space`: dotted keys of the experiment, each with a list of choices or a
            mapping with `low`, `high` and, optionally, `log`, `step` and `int`.
        place: Its file.

    Raises:
        ConfigError: With the problems of all keys.
    """
    space: dict[str, BaseDistribution] = {}
    problems = _overlaps(mapping)
    for name, value in mapping.items():
        found = _entry_problem(name, value)
        if found is None:
            space[name] = _distribution(value)
        else:
            problems.append(found)
    if problems:
        raise ConfigError([_placed(problem, place) for problem in problems])
    return space


def encode(value: object) -> CategoricalChoiceType:
    """Return a choice as Optuna stores it: lists and mappings as JSON text, other values unchanged.

    Texts that look like JSON are written as JSON too, so that `decode` is exact.
    """
    if isinstance(value, list | dict) or (isinstance(value, str) and value.startswith(_NEEDS_JSON)):
        return json.dumps(value)
    assert value is None or isinstance(value, bool | int | float | str), value
    return value


def decode(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters of a trial as values of overrides, which `parse_space` and `encode` made."""
    return {name: _decoded(value) for name, value in parameters.items()}


def split_override(text: str) -> tuple[str, list[object]] | None:
    """Return the key and the values of an override with a comma list, or None when it holds one value.

    Commas within brackets, braces and quotes belong to a value: `net_arch=[64,64]` and `name="a,b"` hold one value,
    `net_arch=[64,64],[256,256]` two.

    Args:
        text: An override of the form `key.path=value`; the values are read as YAML.

    Raises:
        ConfigError: A value of the list is missing or not YAML.
    """
    key, _, listed = text.partition("=")
    parts = _parts(listed)
    if len(parts) == 1:
        return None
    key = key.strip()
    if not all(part.strip() for part in parts):
        remedy = "remove the comma, write null for no value, or quote a text that holds commas"
        raise ConfigError([Problem(key, "has an empty value", listed, remedy=remedy, place=COMMAND_LINE)])
    return key, [_value(key, part) for part in parts]


def _decoded(value: object) -> object:
    return json.loads(value) if isinstance(value, str) and value.startswith(_NEEDS_JSON) else value


def _placed(problem: Problem, place: str | None) -> Problem:
    return replace(problem, place=place)


def _overlaps(mapping: Mapping[str, object]) -> list[Problem]:
    """Return the problems of keys below another key, whose value would replace theirs."""
    return [
        Problem(
            f"{KEY}.{name}",
            f"is below {above}, which is searched too",
            remedy=f"remove one of the two, or write {name} in the choices of {above}",
        )
        for name in mapping
        for above in mapping
        if name.startswith(f"{above}.")
    ]


def _entry_problem(name: str, value: object) -> Problem | None:
    key = f"{KEY}.{name}"
    if not name or not all(part.strip() for part in name.split(".")):
        remedy = "write for example training.algorithm_parameters.learning_rate"
        return Problem(KEY, "must be a dotted key of the experiment", name, remedy=remedy)
    if isinstance(value, Mapping):
        return _range_problem(key, value)
    if isinstance(value, list):
        return _choices_problem(key, value)
    return Problem(key, "must be a list of choices or a range", value, remedy=_EXAMPLE)


def _choices_problem(key: str, choices: Sequence[object]) -> Problem | None:
    if not choices:
        return Problem(key, "has no choices", choices, remedy=_EXAMPLE)
    for index, choice in enumerate(choices):
        # Optuna finds a stored choice by ==, for which 1, 1.0 and true are the same.
        if any(encode(choice) == encode(earlier) for earlier in choices[:index]):
            remedy = "name each choice once; 1, 1.0 and true count as the same choice"
            return Problem(key, "names a choice twice", choice, remedy=remedy)
    return None


def _range_problem(key: str, value: Mapping[str, object]) -> Problem | None:
    for name in value:
        if name not in _RANGE_KEYS:
            meant = nearest(name, _RANGE_KEYS)
            remedy = "a mapping is a range; to choose among mappings, write them as a list"
            return Problem(f"{key}.{name}", "unknown key", valid=_RANGE_KEYS, nearest=meant, remedy=remedy)
    for name in ("log", "int"):
        if not isinstance(value.get(name, False), bool):
            return Problem(f"{key}.{name}", "must be true or false", value[name], valid=("true", "false"))
    for name in ("low", "high", "step"):
        problem = _number_problem(key, name, value)
        if problem is not None:
            return problem
    return _bounds_problem(key, value)


def _number_problem(key: str, name: str, value: Mapping[str, object]) -> Problem | None:
    number = value.get(name, MISSING)
    if name == "step" and number in (MISSING, None):
        return None
    if number is MISSING:
        return Problem(f"{key}.{name}", "is missing", remedy=_EXAMPLE)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return Problem(f"{key}.{name}", "must be a finite number", number)
    if value.get("int") and not float(number).is_integer():
        return Problem(f"{key}.{name}", "must be an integer, since int is true", number)
    return None


def _bounds_problem(key: str, value: Mapping[str, object]) -> Problem | None:
    low, high, step = (_number(value.get(name)) for name in ("low", "high", "step"))
    assert low is not None
    assert high is not None
    if low > high:
        return Problem(f"{key}.high", f"must not be below low, which is {low}", high)
    if value.get("log") and low <= 0:
        return Problem(f"{key}.low", "must be positive, since log is true", low)
    if step is None:
        return None
    if value.get("log"):
        return Problem(f"{key}.step", "cannot be used together with log", step, remedy="remove step or log")
    if step <= 0:
        return Problem(f"{key}.step", "must be positive", step)
    n_steps = (high - low) / step
    if not math.isclose(n_steps, round(n_steps), abs_tol=1e-8):
        reached = low + math.floor(n_steps) * step
        message = f"is not reached from low in steps of {step}"
        return Problem(f"{key}.high", message, high, remedy=f"write high: {reached:.6g}, or another step")
    return None


def _number(value: object) -> float | int | None:
    return value if isinstance(value, int | float) else None


def _distribution(value: object) -> BaseDistribution:
    """Return the distribution of a valid entry."""
    if isinstance(value, list):
        return CategoricalDistribution([encode(choice) for choice in value])
    assert isinstance(value, Mapping)
    low, high, step = (_number(value.get(name)) for name in ("low", "high", "step"))
    assert low is not None
    assert high is not None
    log = bool(value.get("log"))
    if value.get("int"):
        return IntDistribution(int(low), int(high), log=log, step=int(step or 1))
    return FloatDistribution(float(low), float(high), log=log, step=None if step is None else float(step))


def _value(key: str, text: str) -> object:
    try:
        return parse_value(text, COMMAND_LINE)
    except ConfigError as error:
        problems = [replace(found, key=key, value=text, place=COMMAND_LINE) for found in error.problems]
        raise ConfigError(problems) from error


def _parts(text: str) -> list[str]:
    """Split a text at the commas that no bracket, brace or quote protects."""
    parts, open_brackets, quote, escaped = [""], [""], "", False
    for character in text:
        before = parts[-1].rstrip()[-1:]
        if quote:
            if escaped or (quote == '"' and character == "\\"):
                escaped = not escaped
            elif character == quote:
                quote = ""
        elif character in "'\"" and (before in _BEFORE_A_VALUE or parts[-1].endswith("'")):
            quote = character
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif character == open_brackets[-1]:
            open_brackets.pop()
        elif character == "," and len(open_brackets) == 1:
            parts.append("")
            continue
        parts[-1] += character
    return parts
