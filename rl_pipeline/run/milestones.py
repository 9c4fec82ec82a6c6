"""Events that are due at regular intervals of timesteps."""


def crossed(before: int, after: int, every: int) -> bool:
    """Return whether a multiple of `every` is in (before, after]; a frequency of 0 is never due."""
    return every > 0 and after // every > before // every


def frequency(total_timesteps: int, count: int, explicit: int | None) -> int:
    """Return the number of timesteps between events.

    Args:
        total_timesteps: Length of the training.
        count: Number of events in the training; 0 for none.
        explicit: The frequency in timesteps, if the user gave it instead.
    """
    if explicit is not None:
        return explicit
    return max(total_timesteps // count, 1) if count else 0
