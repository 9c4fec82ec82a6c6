"""Style and script of the page of a report; without the script, the page works, but its table cannot be sorted."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: #1c2127;
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 12px; }
p { margin: 6px 0; }
.muted { color: #66707c; }
.card { background: #fff; border: 1px solid #e1e4e8; border-radius: 8px;
  padding: 18px 20px; margin-top: 18px; min-width: 0; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 16px; }
.tile { background: #fff; border: 1px solid #e1e4e8; border-radius: 8px; padding: 10px 16px; min-width: 120px; }
.tile b { display: block; font-size: 20px; }
.figures { columns: 2 500px; column-gap: 18px; margin-top: 18px; }
.figures .card { break-inside: avoid; margin: 0 0 18px; }
.figures .spanning { column-span: all; margin-top: 18px; }
.wide { overflow-x: auto; }
img { max-width: 100%; height: auto; display: block; margin: 0 auto; }
table { border-collapse: collapse; font-size: 14px; white-space: nowrap; }
th, td { padding: 5px 10px; border-bottom: 1px solid #e8eaed; text-align: right; font-variant-numeric: tabular-nums; }
th.text, td.text { text-align: left; }
td.long { max-width: 260px; overflow: hidden; text-overflow: ellipsis; }
thead th { background: #f0f2f4; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid #0072b2; }
th[aria-sort=ascending] button::after { content: " \\25b2"; }
th[aria-sort=descending] button::after { content: " \\25bc"; }
tr.best td { background: #eaf6f1; }
td.failed { color: #b3261e; }
td.pruned { color: #9a5b00; }
pre { background: #f6f7f9; border: 1px solid #e1e4e8; border-radius: 6px; padding: 12px;
  overflow: auto; max-height: 420px; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 10px 0; }
dt { color: #66707c; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; } .card { padding: 14px; } }
"""

SCRIPT = """
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("th").forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].map(row => [row.cells[column].dataset.sort, row]);
      rows.sort(([one], [other]) => {
        if (one === "" || other === "") return (one === "") - (other === "");
        const difference = Number(one) - Number(other);
        const order = Number.isNaN(difference) ? one.localeCompare(other) : difference;
        return up ? order : -order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}
"""
