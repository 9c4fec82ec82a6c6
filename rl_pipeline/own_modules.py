"""Import of users' Python files with the modules beside them, separate from all other modules of the process.

Every folder with own files is a separate package (`own_1`, `own_2`, ...), so two runs in one process may each have
a `helpers.py`. In a package, `import helpers` and `from .helpers import f` find the module beside the file first, as
in a script.
"""

import ast
import builtins
import hashlib
import importlib
import importlib.util
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import cloudpickle

INITIALIZER = "__init__.py"
NEVER_OWN = {*sys.stdlib_module_names, "rl_pipeline"}


def import_own_file(path: Path) -> ModuleType:
    """Import a user's file; import it again only if it or a module that it imports from its folder has changed.

    Args:
        path: An absolute path without symbolic links.

    Raises:
        ImportError: The file is not an importable Python file, or it imports something that does not exist.
    """
    root = import_root(path)
    package = _packages.get(root)
    if package is None or package.has_changed():
        package = _packages[root] = OwnPackage(root)
    return package.import_file(path)


def forget_own_files(root: Path) -> None:
    """Forget the modules of a folder, so that the next import executes the files again."""
    _packages.pop(root, None)


def import_root(path: Path) -> Path:
    """Return the folder in which the imports of a file start: its own, or that above its outermost package."""
    return next(folder for folder in path.parents if not (folder / INITIALIZER).is_file())


def stable_name(module: str) -> str:
    """Rename an own module by its file's name and content only; other modules keep their names."""
    package = _finder.packages.get(module.partition(".")[0])
    return package.stable_names.get(module, module) if package else module


def own_files(path: Path) -> set[Path]:
    """List a file and all modules of its folder that it imports, directly or indirectly."""
    root = import_root(path)
    found: set[Path] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        found.add(file)
        if file.suffix == ".py":
            waiting |= set(_imported_files(file, root)) - found
    return found


class OwnPackage:
    """The modules of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = f"own_{next(_numbers)}"
        self.loaded: dict[Path, str] = {}
        """Digest of each file at the time of its import."""
        self.stable_names: dict[str, str] = {}
        module = ModuleType(self.name)
        module.__path__ = [str(root)]
        sys.modules[self.name] = module
        cloudpickle.register_pickle_by_value(module)  # a model.zip then loads without the files
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        _finder.packages[self.name] = self

    def has_changed(self) -> bool:
        """Return whether a file has changed since it was imported."""
        return any(not file.is_file() or _digest(file) != digest for file, digest in self.loaded.items())

    def import_file(self, path: Path) -> ModuleType:
        """Import a file of this folder, after the packages that contain it."""
        folders = path.parent.relative_to(self.root).parts
        parent = ".".join([self.name, *folders])
        importlib.import_module(parent)
        name = f"{parent}.{path.stem.replace('.', '_')}"
        if name in sys.modules:
            return sys.modules[name]
        loader = OwnLoader(name, str(path))
        spec = importlib.util.spec_from_loader(name, loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def owns(self, name: str) -> bool:
        """Return whether a top-level name in an import statement refers to a module of this folder."""
        if name in NEVER_OWN:
            return False
        if _module_file(self.root, (name,)) is not None:
            return True
        return (self.root / name).is_dir() and importlib.util.find_spec(name) is None

    def import_statement(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - as in `builtins.__import__`
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import like `builtins.__import__`, but look in this folder first."""
        top = name.partition(".")[0]
        if level or not self.owns(top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        importlib.import_module(f"{self.name}.{name}")
        if not fromlist:
            return sys.modules[f"{self.name}.{top}"]
        return builtins.__import__(f"{self.name}.{name}", globals, locals, fromlist, 0)


class OwnLoader(SourceFileLoader):
    """Loads a module whose import statements look in its own folder; writes no `__pycache__` there."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source and record its digest."""
        source = self.get_data(self.path)
        package, path = _finder.packages[fullname.partition(".")[0]], Path(self.path)
        package.loaded[path] = hashlib.sha256(source).hexdigest()
        package.stable_names[fullname] = f"{path.stem}_{package.loaded[path][:8]}"
        return self.source_to_code(source, self.path)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module with its own import function."""
        package = _finder.packages[module.__name__.partition(".")[0]]
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": package.import_statement}
        super().exec_module(module)


class OwnFinder:
    """Finds the modules of own packages."""

    def __init__(self) -> None:
        self.packages: dict[str, OwnPackage] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Look in the folders of the parent package; see `importlib.abc.MetaPathFinder`."""
        if path is None or fullname.partition(".")[0] not in self.packages:
            return None
        loaders: list[Any] = [(OwnLoader, SOURCE_SUFFIXES), (ExtensionFileLoader, EXTENSION_SUFFIXES)]
        namespace: list[str] = []
        for folder in path:
            spec = FileFinder(folder, *loaders).find_spec(fullname)
            if spec is not None and spec.loader is not None:
                return spec
            namespace += (spec.submodule_search_locations or []) if spec is not None else []
        if not namespace:
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = namespace
        return spec


_packages: dict[Path, OwnPackage] = {}
_finder = OwnFinder()
_numbers = itertools.count(1)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _module_file(folder: Path, parts: Sequence[str]) -> Path | None:
    """Find the file of a module below a folder."""
    stem = folder.joinpath(*parts)
    suffixes = [*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES]
    files = [stem / INITIALIZER, *(stem.with_name(stem.name + suffix) for suffix in suffixes)]
    return next((file for file in files if file.is_file()), None)


def _imported_files(file: Path, root: Path) -> Iterator[Path]:
    """Yield the files below `root` that the import statements of a file refer to."""
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:  # a module that is imported only by a statement that is never executed
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [(root, tuple(alias.name.split("."))) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = file.parents[node.level - 1] if node.level else root
            module = tuple(node.module.split(".")) if node.module else ()
            targets = [(start, (*module, alias.name)) for alias in node.names]
        else:
            continue
        for folder, parts in targets:
            if folder == root and parts[0] in NEVER_OWN:
                continue
            prefixes = (parts[:length] for length in range(len(parts) + 1))
            files = (_module_file(folder, prefix) for prefix in prefixes if prefix or folder != root)
            yield from (found for found in files if found is not None)
