"""Origin of each value of a configuration."""

from collections.abc import Mapping

DEFAULT = "default"


class Provenance:
    """Looks up the place of a key: `file:line`, 'command line' or 'default'."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._with_keys_below = {above for key in places for above in _above(key)}

    def __getitem__(self, key: str) -> str:
        """Return where the value of a key came from.

        A key that is not written anywhere takes its value from the key above it if that key is written as a
        plain value (`normalize: true` gives `normalize.reward`); otherwise it is a default.
        """
        for candidate in (key, *_above(key)):
            if candidate in self._places:
                written = candidate == key or candidate not in self._with_keys_below
                return self._places[candidate] if written else DEFAULT
        return DEFAULT

    def nearest(self, key: str) -> str | None:
        """Return the place of a key or, if it is not written, of the nearest key above it."""
        return next((self._places[name] for name in (key, *_above(key)) if name in self._places), None)


def _above(key: str) -> list[str]:
    """Return the keys above a key, the nearest first."""
    parts = key.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
