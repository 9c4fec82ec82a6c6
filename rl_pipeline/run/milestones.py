"""Things that are due every so many timesteps."""


def crossed(before: int, after: int, every: int) -> bool:
    """Tell whether a multiple of `every` lies in (before, after]; a frequency of 0 is never due."""
    return every > 0 and after // every > before // every


def frequency(total_timesteps: int, count: int, explicit: int | None) -> int:
    """Give the number of timesteps between events.

    Args:
        total_timesteps: Length of the training.
        count: How often it shall happen over the training, 0 for never.
        explicit: A frequency that the user gave instead, in timesteps.
    """
    if explicit is not None:
        return explicit
    return max(total_timesteps // count, 1) if count else 0
