"""Search for the column of a metric by a part of its name."""

from collections.abc import Collection, Sequence
from itertools import groupby

from rl_pipeline.config.errors import ConfigError, Problem, nearest

SOURCES = ("episode", "eval", "rollout")
"""Order of preference among columns of the same metric; the task's own metrics of the training come first."""


def find_column(key: str, columns: Collection[str]) -> str:
    """Find a column by its name, its metric, or a part that only one metric contains; its mean comes first.

    Args:
        key: Such as `episode/speed_mean`, `speed_mean` or `speed`.
        columns: The existing columns.

    Raises:
        ConfigError: No metric or several metrics match.
    """
    if key in columns:
        return key
    named = [column for column in columns if key in (_metric(column), _stem(column))]
    found = named or [column for column in columns if key.lower() in column.lower()]
    if len({_stem(column) for column in found}) == 1:
        return min(found, key=lambda column: (_metric(column) != key, *_preference(column)))
    message = "several columns contain this" if found else "no run has this column"
    raise ConfigError(
        [
            Problem(
                key="--key",
                message=message,
                value=key,
                valid=grouped(found or columns),
                nearest=None if found else nearest(key, [*columns, *map(_stem, columns)]),
                remedy="choose one of the columns, or wait until the runs have recorded it",
            )
        ]
    )


def grouped(columns: Collection[str]) -> list[str]:
    """List columns, those of one source as `eval/{mean_reward, std_reward}`."""
    groups = groupby(sorted(columns, key=lambda column: (_source(column), column)), key=_source)
    return [_braced(source, [_metric(column) for column in members]) for source, members in groups]


def _braced(source: str, metrics: Sequence[str]) -> str:
    prefix = f"{source}/" if source else ""
    return prefix + (metrics[0] if len(metrics) == 1 else f"{{{', '.join(metrics)}}}")


def _metric(column: str) -> str:
    return column.rpartition("/")[2]


def _stem(column: str) -> str:
    """Return the name of a metric without the suffix of its reduction over an episode."""
    return _metric(column).removesuffix("_mean").removesuffix("_final")


def _source(column: str) -> str:
    return column.rpartition("/")[0]


def _preference(column: str) -> tuple[bool, int, str]:
    source = _source(column)
    place = SOURCES.index(source) if source in SOURCES else len(SOURCES)
    return column.endswith("_final"), place, column
