"""Base of all sections of the configuration: strictness, number types, refusals."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A mapping with fixed keys: no conversion of types, no unknown keys, and immutable."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class InvalidValueError(ValueError):
    """Raised by a validator, with the valid values and a remedy; it becomes a `Problem`."""

    def __init__(
        self, message: str, *, remedy: str, valid: Sequence[str] = (), nearest: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.valid = valid
        self.nearest = nearest
        self.remedy = remedy


def whole_number(value: object) -> Any:
    """Accept 1e6 where an integer is needed."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fits_64_bits(value: int) -> int:
    if value >= 2**63:
        raise InvalidValueError("is too large for 64 bits", remedy="use a smaller number")
    return value


Positive = Annotated[int, Field(ge=1), BeforeValidator(whole_number), AfterValidator(_fits_64_bits)]
NonNegative = Annotated[int, Field(ge=0), BeforeValidator(whole_number), AfterValidator(_fits_64_bits)]
Seed = Annotated[int, Field(ge=0, lt=2**32), BeforeValidator(whole_number)]
"""NumPy's generator takes seeds of 32 bits."""
Text = Annotated[str, Field(min_length=1)]
