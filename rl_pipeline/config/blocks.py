"""The blocks of a file: `Default`, one per environment, and the file's own sections."""

from collections.abc import Mapping
from dataclasses import replace

from rl_pipeline.config.errors import Problem, nearest
from rl_pipeline.config.key_schema import key_schema, value_at
from rl_pipeline.config.schema import SECTION_NAMES, Config
from rl_pipeline.config.yaml_reader import Document

DEFAULT_BLOCK = "Default"
ENVIRONMENT_ID = ("environment", "id")


def environment_id(documents: list[Document]) -> str | None:
    """Return the environment id that results from these documents, the strongest given first."""
    sources = [
        source for document in documents for source in (document.mapping, document.mapping.get(DEFAULT_BLOCK))
    ]
    values = [value_at(source, ENVIRONMENT_ID) for source in sources]
    return next((value for value in values if isinstance(value, str)), None)


def split_blocks(document: Document, environment: str | None) -> list[Document]:
    """Return the parts of a document that apply, the weakest first: `Default`, the environment's block, its own keys.

    Blocks of other environments are left out. A key that is neither a section nor a block stays among its own
    keys, so that the validation reports it.
    """
    names = [name for name in (DEFAULT_BLOCK, environment) if name in document.mapping]
    own = {
        key: value
        for key, value in document.mapping.items()
        if key in SECTION_NAMES or not (key in names or _is_environment_block(value))
    }
    blocks = [_block(document, name) for name in names if isinstance(document.mapping[name], Mapping)]
    return [*blocks, replace(document, mapping=own)]


def refuse_bad_blocks(document: Document, environment: str | None) -> list[Problem]:
    """Return a problem for every block that is not a mapping of sections."""
    return [
        Problem(
            name,
            "is neither a section nor a block with sections",
            value,
            valid=SECTION_NAMES,
            remedy=f"write sections below `{name}:`, or remove it",
            place=document.place((name,)),
        )
        for name, value in document.mapping.items()
        if _is_bad_block(name, value, environment)
    ]


def _is_bad_block(name: str, value: object, environment: str | None) -> bool:
    if name in (DEFAULT_BLOCK, environment):
        return not isinstance(value, Mapping | None)
    return isinstance(value, Mapping) and not _is_misplaced_key(name) and not _is_environment_block(value)


def _is_misplaced_key(name: str) -> bool:
    """Return whether the name is a misspelt section or a key from another place, which the validation reports."""
    return nearest(name, SECTION_NAMES) is not None or bool(key_schema(Config).paths_ending_in(name))


def _is_environment_block(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and value.keys() <= set(SECTION_NAMES)


def _block(document: Document, name: str) -> Document:
    lines = {path[1:]: line for path, line in document.lines.items() if path[0] == name}
    return Document(document.name, document.mapping[name], lines)
