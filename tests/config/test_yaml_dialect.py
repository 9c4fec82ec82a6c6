import math
from typing import Any

import pytest
import yaml

from rl_pipeline.config.yaml_dialect import ConfigDumper
from rl_pipeline.config.yaml_reader import parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 3e-4),
        ("3E4", 3e4),
        ("-1e-3", -1e-3),
        ("1.5e+3", 1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("7", 7),
        ("-7", -7),
        ("1_000_000", 1_000_000),
        ("0x1F", 31),
        ("true", True),
        ("'3e-4'", "3e-4"),
    ],
)
def test_numbers_as_people_write_them(text: str, value: Any) -> None:
    read = parse_value(text, "x")
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ["1:30", "010", "2024-01-01", "1e", "v3", "BipedalWalker-v3", "1.2.3", "="])
def test_what_yaml_1_1_would_turn_into_surprising_values_stays_text(text: str) -> None:
    assert parse_value(text, "x") == text


@pytest.mark.parametrize("text", ["None", "'None'", '"None"', "null", "'null'", "~", ""])
def test_null_words(text: str) -> None:
    assert parse_value(text, "x") is None


@pytest.mark.parametrize(
    "value",
    [
        "3e-4",
        "1",
        "true",
        "yes",
        "~",
        "",
        "<<",
        "a: b",
        "#",
        "- x",
        "1:30",
        "two\nlines",
        " padded ",
        "ü\u2028😀",
    ],
)
def test_dumped_text_is_read_back_as_text(value: str) -> None:
    text = yaml.dump({"key": value}, Dumper=ConfigDumper, allow_unicode=True)
    assert parse_value(text, "x") == {"key": value}


def test_dumped_lists_of_plain_values_stand_in_one_line_and_aliases_are_written_out() -> None:
    widths = [64, 64]
    assert yaml.dump({"pi": widths, "vf": widths}, Dumper=ConfigDumper) == "pi: [64, 64]\nvf: [64, 64]\n"
