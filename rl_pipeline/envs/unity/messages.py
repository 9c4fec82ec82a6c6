"""The protobuf messages of ML-Agents, usable with today's protobuf.

The generated modules of mlagents-envs 0.28.0 do not load under protobuf 4 and later, but each contains the serialised
descriptor of its file. This module makes the classes from these descriptors and replaces the generated modules.
"""

import ast
import functools
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

PACKAGE = "mlagents_envs.communicator_objects"
SERVICE = "communicator_objects.UnityToExternalProto"
METHOD = "Exchange"


def _serialised_descriptor(module: Path) -> bytes:
    """Read the descriptor from the source of a generated module, without running it."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "serialized_pb" and isinstance(node.value, ast.Call):
            return str(ast.literal_eval(node.value.args[0])).encode("latin1")
    raise ImportError(f"{module} holds no descriptor; mlagents-envs 0.28.0 is needed")


def _module(file: FileDescriptor) -> ModuleType:
    """Make the module that the protobuf compiler would generate for a file."""
    module = ModuleType(f"{PACKAGE}.{Path(file.name).stem}_pb2")
    module.__dict__["DESCRIPTOR"] = file
    for name, message in file.message_types_by_name.items():
        module.__dict__[name] = message_factory.GetMessageClass(message)
    for name, enum in file.enum_types_by_name.items():
        module.__dict__[name] = EnumTypeWrapper(enum)
        module.__dict__.update({value.name: value.number for value in enum.values})
    return module


def load() -> None:
    """Make `mlagents_envs.communicator_objects.*_pb2` importable.

    Raises:
        ImportError: mlagents-envs is not installed, or has another version.
    """
    if f"{PACKAGE}.unity_message_pb2" in sys.modules:
        return
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(
            "mlagents-envs is not installed; pip install -c constraints.txt mlagents-envs==0.28.0"
        )
    folder = Path(spec.submodule_search_locations[0])
    serialised = [_serialised_descriptor(path) for path in sorted(folder.glob("*_pb2.py"))]
    files = {file.name: file for file in map(descriptor_pb2.FileDescriptorProto.FromString, serialised)}
    pool = descriptor_pool.DescriptorPool()

    def add(name: str) -> None:
        if name in files:
            file = files.pop(name)
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    names = list(files)
    for name in names:
        add(name)
    for name in names:
        module = _module(pool.FindFileByName(name))
        sys.modules[module.__name__] = module


@functools.cache
def message_class(name: str) -> Any:
    """Return the class of a message, for example 'UnityMessageProto'."""
    load()
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(f"{PACKAGE}.") and hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"ML-Agents has no message {name}")
