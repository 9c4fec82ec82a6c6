"""The page of a report: a single HTML file that needs no other files and no network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import yaml

from rl_pipeline.config.yaml_dialect import ConfigDumper
from rl_pipeline.plotting.canvas import thousands
from rl_pipeline.search.report_data import Results, Row, short_names
from rl_pipeline.search.report_style import SCRIPT, STYLE

# Nothing may be loaded, so that names and values can only be text.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


_CAVEAT = (
    '<p class="muted">The best of many trials looks better than it is. '
    "Train it with seeds that the search did not use before you compare it.</p>"
)


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes:
        title: Title.
        file: The PNG file; None if the figure could not be drawn.
        reason: Why it could not be drawn.
        is_wide: Whether it takes the whole width.
    """

    title: str
    file: Path | None
    reason: str = ""
    is_wide: bool = False


@dataclass(frozen=True)
class BestFile:
    """A configuration of one of the best trials.

    Attributes:
        number: Number of the trial.
        name: Name of the file, beside the page.
        text: Its content.
        command: The command that trains it.
    """

    number: int
    name: str
    text: str
    command: str


def page(results: Results, pictures: Sequence[Picture], best: Sequence[BestFile], written: str) -> str:
    """Return the HTML of a report.

    Args:
        results: The study.
        pictures: Its figures.
        best: Configurations of the best trials.
        written: When it was written, and by what.
    """
    title = escape(results.name)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="muted">{escape(written)}</p>
{_tiles(results)}
{_best_section(results, best)}
<div class="figures">
{"".join(_picture(one) for one in pictures)}
</div>
{_table(results)}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""


def with_interval(value: float, half_width: float | None) -> str:
    """Format a value with its interval over seeds, if it has one."""
    return thousands(value) if half_width is None else f"{thousands(value)} ± {thousands(half_width)}"


def parameter_text(value: object) -> str:
    """Format a parameter as YAML in one line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return value
    text: str = yaml.dump(value, Dumper=ConfigDumper, default_flow_style=True, width=1000)
    return text.removesuffix("\n").removesuffix("\n...")


def _tiles(results: Results) -> str:
    counts = [(str(number), f"trials {state}") for state, number in results.counts().items()]
    minutes = sum(row.minutes or 0.0 for row in results.rows)
    counts.append((f"{minutes / 60:.1f} h" if minutes >= 120 else f"{minutes:.1f} min", "of training"))
    for index, one in enumerate(results.objectives):
        better = "highest" if one.maximize else "lowest"
        values = [row.values[index] for row in results.finished]
        if values:
            extreme = max(values) if one.maximize else min(values)
            counts.append((thousands(extreme), f"{better} {one.name}"))
    tiles = (f'<div class="tile"><b>{escape(value)}</b>{escape(text)}</div>' for value, text in counts)
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _best_section(results: Results, files: Sequence[BestFile]) -> str:
    if not results.best:
        return '<section class="card"><h2>Best trial</h2><p>No trial has finished yet.</p></section>'
    if len(results.objectives) > 1:
        numbers = ", ".join(map(str, results.best))
        head = f"<h2>Pareto front</h2><p>No trial is better in all objectives than trials {numbers}.</p>"
    else:
        head = _best_trial(results, results.rows[results.best[0]])
    return f'<section class="card">{head}{"".join(map(_best_file, files))}</section>'


def _best_trial(results: Results, row: Row) -> str:
    names = short_names(list(results.space))
    value = with_interval(row.values[0], row.half_widths[0])
    seeds = (
        f"95 % interval over {len(row.runs)} seeds"
        if row.half_widths[0] is not None
        else "one seed, so no interval"
    )
    entries = [(f"{results.objectives[0].name} ({seeds})", value)]
    entries += [(names.get(key, key), parameter_text(one)) for key, one in row.parameters.items()]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in entries)
    return f"<h2>Best trial: {_link(row, f'trial {row.number}')}</h2><dl>{listed}</dl>{_CAVEAT}"


def _best_file(file: BestFile) -> str:
    link = f'<a href="{quote(file.name)}">{escape(file.name)}</a>'
    return (
        f"<p>{link} (trial {file.number}) trains it again: <code>{escape(file.command)}</code></p>"
        f"<details><summary>Configuration</summary><pre><code>{escape(file.text)}</code></pre></details>"
    )


def _picture(picture: Picture) -> str:
    if picture.file is None:
        body = f'<p class="muted">Not drawn: {escape(picture.reason)}.</p>'
        return f'<section class="card"><h2>{escape(picture.title)}</h2>{body}</section>'
    data = base64.b64encode(picture.file.read_bytes()).decode("ascii")
    spanning = " spanning" if picture.is_wide else ""
    image = f'<img alt="{escape(picture.title)}" src="data:image/png;base64,{data}">'
    return f'<section class="card{spanning}">{image}</section>'


def _table(results: Results) -> str:
    keys = list(results.space)
    names = short_names(keys)
    heads = [("trial", "", "")]
    heads += [(one.name, "", "") for one in results.objectives]
    heads += [(names[key], key, "text" if _is_text(results.rows, key) else "") for key in keys]
    heads += [("state", "", "text"), ("minutes", "", ""), ("folder", "", "text")]
    cells = "".join(
        f'<th class="{kind}" scope="col" title="{escape(title)}"><button type="button">{escape(name)}</button></th>'
        for name, title, kind in heads
    )
    rows = "".join(_table_row(results, row, keys) for row in results.rows)
    note = "± is half of the 95 % interval over the seeds of a trial. Click a head to sort."
    return (
        f'<section class="card"><h2>Trials</h2><p class="muted">{note}</p><div class="wide">'
        f'<table class="sortable"><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _table_row(results: Results, row: Row, keys: Sequence[str]) -> str:
    cells = [_cell(str(row.number), row.number)]
    for index in range(len(results.objectives)):
        if index < len(row.values):
            cells.append(_cell(with_interval(row.values[index], row.half_widths[index]), row.values[index]))
        else:
            cells.append(_cell("", ""))
    for key in keys:
        cells.append(_parameter_cell(row.parameters, key, _is_text(results.rows, key)))
    cells.append(_cell(row.state, row.state, f"text {row.state}"))
    cells.append(
        _cell("" if row.minutes is None else f"{row.minutes:.1f}", "" if row.minutes is None else row.minutes)
    )
    cells.append(f'<td class="text long" data-sort="{escape(row.folder)}">{_link(row, row.folder)}</td>')
    best = ' class="best"' if row.number in results.best else ""
    return f"<tr{best}>{''.join(cells)}</tr>\n"


def _parameter_cell(parameters: Mapping[str, object], key: str, is_text: bool) -> str:
    if key not in parameters:
        return _cell("", "")
    text = parameter_text(parameters[key])
    if is_text:
        return _cell(text, text, "text long")
    return _cell(text, parameters[key])


def _is_text(rows: Sequence[Row], key: str) -> bool:
    """Return whether any trial has a value that is not a number."""
    values = [row.parameters[key] for row in rows if key in row.parameters]
    return any(isinstance(value, bool) or not isinstance(value, int | float) for value in values)


def _cell(text: str, sort: object, kind: str = "") -> str:
    return f'<td class="{escape(kind)}" data-sort="{escape(str(sort))}" title="{escape(text)}">{escape(text)}</td>'


def _link(row: Row, text: str) -> str:
    return f'<a href="{quote(row.folder)}/">{escape(text)}</a>' if row.folder else escape(text)
