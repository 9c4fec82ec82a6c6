import json
import re
from pathlib import Path

import pytest

from tests.unity_build.mono import PACKAGE, PROTOCOL, compile_csharp, needs_mono

STUBS = Path(__file__).parent / "stubs"
SOURCES = sorted(PACKAGE.rglob("*.cs"))


@needs_mono
def test_every_assembly_compiles_against_what_its_definition_names(tmp_path: Path) -> None:
    engine = compile_csharp(tmp_path / "UnityEngine.dll", STUBS / "UnityEngine.cs", STUBS / "UnityMath.cs")
    editor = compile_csharp(tmp_path / "UnityEditor.dll", STUBS / "UnityEditor.cs")
    built: dict[str, Path] = {}
    for folder in (PROTOCOL, PACKAGE / "Runtime", PACKAGE / "Editor", PACKAGE / "Samples~" / "Tank"):
        [definition] = folder.glob("*.asmdef")
        assembly = json.loads(definition.read_text())
        assert assembly["name"] == definition.stem
        references = [built[name] for name in assembly.get("references", [])]
        references += [] if assembly.get("noEngineReferences") else [engine]
        references += [editor] if assembly.get("includePlatforms") == ["Editor"] else []
        files = [file for file in folder.rglob("*.cs") if folder == PROTOCOL or file.parent != PROTOCOL]
        output = tmp_path / f"{assembly['name']}.dll"
        built[assembly["name"]] = compile_csharp(output, *files, references=tuple(references))
    assert len(built) == len(list(PACKAGE.rglob("*.asmdef")))


@pytest.mark.parametrize("source", SOURCES, ids=lambda file: file.stem)
def test_a_file_holds_one_documented_type_of_its_name(source: Path) -> None:
    text = source.read_text()
    types = re.findall(
        r"^    public (?:(?:abstract|sealed|static) )?(?:class|interface|struct) (\w+)", text, re.M
    )
    assert types == [source.stem]
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.strip().startswith("public "):
            above = next(one.strip() for one in reversed(lines[:number]) if not one.strip().startswith("["))
            assert above.startswith("///"), f"{source.name}:{number + 1} has no documentation"


def test_the_manifest_names_what_is_there() -> None:
    manifest = json.loads((PACKAGE / "package.json").read_text())
    assert manifest["name"] == PACKAGE.name
    assert f"## {manifest['version']}" in (PACKAGE / "CHANGELOG.md").read_text()
    assert all((PACKAGE / sample["path"]).is_dir() for sample in manifest["samples"])
