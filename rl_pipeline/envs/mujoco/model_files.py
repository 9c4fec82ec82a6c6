"""The files of an MJCF or URDF model."""

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from rl_pipeline.config.errors import ConfigError, Problem

DIRECTORIES = ("meshdir", "texturedir", "assetdir")
REFERENCES = ("file", "filename", "fileright", "fileleft", "fileup", "filedown", "filefront", "fileback")
"""Attributes that name a file."""
RELATIVE_PATH = "write a path relative to the model, so that the copy of the model finds the copy of the file"
MODEL_SUFFIXES = {".xml", ".mjcf", ".urdf"}

Trees = dict[Path, "ElementTree.ElementTree[ElementTree.Element]"]


def model_files(model: Path) -> set[Path]:
    """List a model's own file and all its includes, meshes, textures, height fields, skins and attached models.

    MuJoCo's search for a file depends on the element and the settings of the compiler. This function lists every
    file that exists beside the model, beside the file that names it, or in one of the folders of `<compiler>`.

    Args:
        model: An absolute path.

    Raises:
        ConfigError: A file is named by an absolute path, or is not XML.
    """
    found: set[Path] = set()
    waiting = {model}
    while waiting:
        main = waiting.pop()
        found.add(main)
        if main.suffix.lower() in MODEL_SUFFIXES:
            trees = _with_includes(main)
            assets = set(_assets(main, trees))
            found |= trees.keys() | assets
            waiting |= {file for file in assets if file.suffix.lower() in MODEL_SUFFIXES} - found
    return found


def _with_includes(main: Path) -> Trees:
    trees: Trees = {}
    waiting = [main]
    while waiting:
        file = waiting.pop()
        try:
            trees[file] = ElementTree.parse(file)
        except ElementTree.ParseError as error:
            raise ConfigError([Problem("environment", f"{file} is not XML: {error}")]) from error
        for include in trees[file].iter("include"):
            included = set(_existing(file, include.get("file", ""), {main.parent, file.parent}))
            waiting += included - trees.keys()
    return trees


def _assets(main: Path, trees: Trees) -> Iterator[Path]:
    """Yield the files that the elements of a model name, apart from its includes."""
    compilers = [compiler for tree in trees.values() for compiler in tree.iter("compiler")]
    directories = {
        compiler.attrib[name] for compiler in compilers for name in DIRECTORIES if name in compiler.attrib
    }
    for file, tree in trees.items():
        starts = {main.parent, file.parent}
        folders = starts | {start / directory for start in starts for directory in directories}
        for element in tree.iter():
            for name in REFERENCES:
                if element.tag != "include" and name in element.attrib:
                    yield from _existing(file, element.attrib[name], folders)


def _existing(file: Path, reference: str, folders: set[Path]) -> Iterator[Path]:
    """Yield the files that a reference may mean, with its folders or, as after `strippath`, without them."""
    for folder in folders:
        for name in {reference, Path(reference).name}:
            path = Path(os.path.normpath(folder / name))
            if path.is_file():
                if Path(name).is_absolute():
                    problem = f"{file} names {path} by an absolute path"
                    raise ConfigError([Problem("environment", problem, remedy=RELATIVE_PATH)])
                yield path
