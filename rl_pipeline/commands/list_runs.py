"""`rl-pipeline list runs`: print a table of runs, sorted, filtered, or as JSON."""

import argparse
import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from rl_pipeline.config.errors import ConfigError, Problem, nearest

if TYPE_CHECKING:
    from rl_pipeline.run.overview import RunRow

COLUMNS = (
    "date",
    "environment",
    "algorithm",
    "seed",
    "timesteps",
    "minutes",
    "best_return",
    "status",
    "run",
)
NUMBERS = ("seed", "timesteps", "minutes", "best_return")
CONDITION = re.compile(r"(?P<column>\w+)\s*(?P<sign>[<>!]=|[<>=])\s*(?P<value>.*)")
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Matches = Callable[["RunRow"], bool]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "--sort",
        choices=COLUMNS,
        default="date",
        help="sort by this column, in ascending order (default date)",
    )
    parser.add_argument("--reverse", action="store_true", help="sort in descending order")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="list only runs that meet the condition, with =, !=, <, <=, > or >=, and wildcards in text, e.g. "
        "'run=walk*' or 'best_return>100'; may be repeated",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON with unrounded values and the folders"
    )


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    from rl_pipeline.run.locate import DEFAULT_ROOT
    from rl_pipeline.run.overview import read_rows

    conditions = parse_conditions(options.filter)
    rows = [row for row in read_rows(DEFAULT_ROOT) if all(matches(row) for matches in conditions)]
    rows.sort(key=lambda row: _order(getattr(row, options.sort)), reverse=options.reverse)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    nothing = f"no {'matching ' if conditions else ''}runs in {DEFAULT_ROOT}"
    for line in table(rows) if rows else [nothing]:
        print(line)


def parse_conditions(texts: Sequence[str]) -> list[Matches]:
    """Parse conditions such as `run=walk*` or `best_return>100`.

    Raises:
        ConfigError: A text is not a condition.
    """
    from rl_pipeline.run.overview import RunRow

    columns = [field.name for field in fields(RunRow)]
    return [_parse_condition(text, columns) for text in texts]


def _parse_condition(text: str, columns: Sequence[str]) -> Matches:
    match = CONDITION.fullmatch(text.strip())
    if match is None:
        remedy = "write for example --filter 'status=finished' or --filter 'best_return>100'"
        raise ConfigError([Problem("--filter", "must be a condition COLUMN=VALUE", text, remedy=remedy)])
    column, sign, value = match["column"], match["sign"], match["value"]
    if column not in columns:
        near = nearest(column, columns)
        raise ConfigError([Problem("--filter", "unknown column", column, columns, near)])
    if column in NUMBERS:
        return _number_condition(column, sign, value)
    if sign in ORDERS:
        return lambda row: getattr(row, column) is not None and ORDERS[sign](getattr(row, column), value)
    return lambda row: fnmatch(str(getattr(row, column)).lower(), value.lower()) == (sign == "=")


def _number_condition(column: str, sign: str, value: str) -> Matches:
    try:
        number = float(value)
    except ValueError:
        remedy = f"compare {column} with a number"
        raise ConfigError([Problem("--filter", "must be a number", value, remedy=remedy)]) from None
    compare = {"=": operator.eq, "!=": operator.ne, **ORDERS}[sign]
    return lambda row: getattr(row, column) is not None and compare(getattr(row, column), number)


def _order(value: object) -> tuple[bool, Any]:
    """Sort unknown values before known ones."""
    return value is not None, value if value is not None else 0


def table(rows: "Sequence[RunRow]") -> list[str]:
    """Format rows as lines of text, with numbers aligned to the right."""
    cells = [list(COLUMNS), *([_cell(column, getattr(row, column)) for column in COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    aligned = [
        [
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, cell, width in zip(COLUMNS, line, widths, strict=True)
        ]
        for line in cells
    ]
    return ["  ".join(line).rstrip() for line in aligned]


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "-"
    if column == "timesteps":
        return f"{value:,}"
    if column == "minutes":
        return f"{value:.1f}"
    return f"{value:,.1f}" if column == "best_return" else str(value)
