import json
from pathlib import Path
from typing import Any

from rl_pipeline.config.json_schema import json_schema

REPOSITORY = Path(__file__).parents[2]


def definition(name: str) -> dict[str, Any]:
    return json_schema()["$defs"][name]


def test_the_editor_checks_the_configs_by_it() -> None:
    settings = json.loads((REPOSITORY / ".vscode" / "settings.json").read_text())
    assert settings["yaml.schemas"] == {"configs/schema.json": "configs/*.yaml"}


def test_every_property_is_described() -> None:
    for name, node in json_schema()["$defs"].items():
        if name != "Block":
            for key, child in node["properties"].items():
                assert child.get("description"), f"{name}.{key}"


def test_none_may_be_written_where_null_may() -> None:
    environment = definition("Environment")["properties"]
    assert {"const": "None"} in environment["env_config"]["anyOf"]
    assert {"const": "None"} in environment["render_mode"]["anyOf"]
    assert "anyOf" not in environment["n_environments"]


def test_default_and_environment_blocks_are_sections_of_which_nothing_is_required() -> None:
    schema = json_schema()
    reference = {"$ref": "#/$defs/Block"}
    assert schema["properties"]["Default"] == reference
    assert schema["additionalProperties"] == reference
    block = schema["$defs"]["Block"]
    assert set(block["properties"]) == {
        "experiment",
        "environment",
        "training",
        "evaluation",
        "play",
        "sweep",
        "cluster",
    }
    assert block["additionalProperties"] is False
    assert "required" not in schema
    assert "required" not in definition("Environment")
    assert definition("LinearSchedule")["required"] == ["initial", "final", "type"]


def test_short_forms_are_known() -> None:
    environment = definition("Environment")["properties"]
    assert {"type": "boolean"} in environment["normalize"]["anyOf"]
    assert {"type": "string"} in environment["wrappers"]["items"]["anyOf"]
    assert environment["n_environments"]["minimum"] == 1
