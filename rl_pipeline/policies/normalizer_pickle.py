"""Reader of pickled normalisers of dextgen that does not import or call anything that the pickle names.

Every name in it is looked up in a table of placeholders, which only store their arguments; any other name is
refused. The arrays are made from their bytes afterwards, so that NumPy's code does not process the pickle either.
"""

import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

DAMAGED = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    TypeError,
    ValueError,
)
"""Errors of reading a pickle that is damaged or of another kind."""
ATTRIBUTES = frozenset(
    [
        "size",
        "world_size",
        "eps2",
        "clip",
        "lsum",
        "lsum_sq",
        "lcount",
        "sum",
        "sum_sq",
        "count",
        "mean",
        "std",
        "coal_buffer",
        "dist",
        "idx",
    ]
)
"""Attributes of a normaliser of dextgen."""


class _Remembered:
    """Placeholder for a name in a pickle: stores its arguments and its state."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Normalizer(_Remembered):
    """Placeholder for the normaliser, which is made without arguments."""


class _DType(_Remembered):
    """Placeholder for `numpy.dtype(code, align, copy)` with the state (version, byte order, ...)."""

    def dtype(self) -> np.dtype:
        code = self.arguments[0]
        if not isinstance(code, str) or code[:1] not in "fiub":
            raise pickle.UnpicklingError(f"it contains an array of {code!r}, not of numbers")
        order: Any = self.state[1] if self.state is not None else "="
        return np.dtype(code).newbyteorder(order)


class _Array(_Remembered):
    """Placeholder for an array, whose state is (version, shape, dtype, is_fortran, bytes)."""

    def array(self) -> np.ndarray:
        _, shape, dtype, is_fortran, data = self.state
        return np.frombuffer(data, dtype.dtype()).reshape(shape, order="F" if is_fortran else "C").copy()


class _Buffer(_Array):
    """Placeholder for an array of protocol 5, which is made from (bytes, dtype, shape, order)."""

    def array(self) -> np.ndarray:
        data, dtype, shape, order = self.arguments
        self.state = None, shape, dtype, order == "F", data
        return super().array()


class _Scalar(_Array):
    """Placeholder for a NumPy number, which is made from (dtype, bytes)."""

    def array(self) -> np.ndarray:
        dtype, data = self.arguments
        self.state = None, (), dtype, False, data
        return super().array()


STAND_INS: dict[tuple[str, str], type[_Remembered]] = {
    ("mp_rl.core.normalizer", "Normalizer"): _Normalizer,
    ("numpy", "dtype"): _DType,
    ("numpy", "ndarray"): _Array,
}
for _core in ("numpy.core", "numpy._core"):  # NumPy 1 and 2
    STAND_INS[f"{_core}.multiarray", "_reconstruct"] = _Array
    STAND_INS[f"{_core}.multiarray", "scalar"] = _Scalar
    STAND_INS[f"{_core}.numeric", "_frombuffer"] = _Buffer


class NormalizerUnpickler(pickle.Unpickler):
    """Reads one normaliser from an open binary file."""

    def find_class(self, module_name: str, global_name: str) -> type[_Remembered]:
        """Return the placeholder of a name, which is never imported.

        Raises:
            UnpicklingError: The name does not belong to a normaliser.
        """
        try:
            return STAND_INS[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module_name}.{global_name}") from None

    def persistent_load(self, pid: object) -> object:
        """Refuse references to objects outside of the pickle."""
        raise pickle.UnpicklingError("it refers to something outside of the file")

    def attributes(self) -> Mapping[str, Any]:
        """Read the normaliser and return its attributes, with NumPy arrays.

        Raises:
            DAMAGED: The pickle is damaged or of another kind.
        """
        found = self.load()
        if not isinstance(found, _Normalizer) or not isinstance(found.state, dict):
            raise pickle.UnpicklingError(f"it contains a {type(found).__name__.lstrip('_')}")
        if unknown := found.state.keys() - ATTRIBUTES:
            raise pickle.UnpicklingError(f"its normaliser has {sorted(map(str, unknown))[0]!r}")
        values = found.state.items()
        return {name: value.array() if isinstance(value, _Array) else value for name, value in values}
