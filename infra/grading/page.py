"""An acceptance report as one page of HTML, with its plots in it; it needs no network."""

import math
from collections.abc import Sequence
from html import escape

from infra.grading.read import Report, Row

WIDTH, HEIGHT, EDGE = 640, 120, 8
# What is plotted over the minutes: column, words, factor and unit.
PLOTS = (
    ("completeness", "frames that came, of those expected", 100.0, "%"),
    ("delay_p50_s", "delay, median", 1e3, "ms"),
    ("delay_p95_s", "delay, 95th percentile", 1e3, "ms"),
    ("clock_s", "clock ahead", 1e3, "ms"),
    ("bias_m", "place off", 1.0, "m"),
    ("noise_m", "noise of an observation, one sigma an axis", 1.0, "m"),
    ("detection", "of what others saw in its view, it saw", 100.0, "%"),
)
SHARES = (
    ("share", "information share in the tracks of its cells", 100.0, "%"),
    ("exclusive_s", "track-seconds that nobody else saw", 1.0, "s"),
)
STYLE = """body{font:14px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}
td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left}
svg{background:#f7f7f7;display:block}.good{background:#cfe8cf}.acceptable{background:#f3ecc2}
.poor{background:#f2c4c0}.insufficient{background:#ddd}figure{margin:1em 0}"""


def page(report: Report) -> str:
    """The page of one source."""
    title = f"Acceptance report of {escape(report.source_id)}"
    figures = [_figure(report.minutes, *plot) for plot in PLOTS]
    figures += [_figure(report.shares, *plot) for plot in SHARES]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{STYLE}</style></head><body>",
            f"<h1>{title}</h1>",
            f"<p>{report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC,"
            f" {len(report.minutes)} minutes with an account.</p>",
            _grades(report),
            _faults(report),
            _dimensions(report),
            *figures,
            "</body></html>\n",
        ]
    )


def _marked(grade: str) -> str:
    return f'<td class="{escape(grade.split()[0])}">{escape(grade)}</td>'


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "unknown"


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><tr>{cells}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _grades(report: Report) -> str:
    rows = [
        f"<td>{escape(one['profile'])}</td>{_marked(one['grade'])}<td>{escape(one['worst'])}</td>"
        f"<td>{_number(one['value'])}</td><td>{one['samples']}</td>"
        f"<td>{one['from_time']:%H:%M} to {one['to_time']:%H:%M}</td>"
        for one in report.grades
    ]
    return _table(("profile", "grade", "limited by", "value", "samples", "interval"), rows)


def _faults(report: Report) -> str:
    minutes: dict[str, int] = {}
    for row in report.minutes:
        for name in row["named"]:
            minutes[name] = minutes.get(name, 0) + 1
    if not minutes:
        return "<p>No fault was named.</p>"
    rows = [f"<td>{escape(name)}</td><td>{n}</td>" for name, n in sorted(minutes.items())]
    return _table(("fault", "minutes"), rows)


def _dimensions(report: Report) -> str:
    limits = {(one["profile"], one["dimension"]): one for one in report.limits}
    head = ["dimension", "value", "samples"]
    head += [f"{one['profile']}: good, acceptable, grade" for one in report.grades]
    rows = []
    for found in report.dimensions:
        name = found["dimension"]
        row = (
            f"<td>{escape(name)}</td><td>{_number(found['value'])}</td><td>{found['samples']}</td>"
        )
        for one in report.grades:
            limit, grade = limits.get((one["profile"], name)), one["grades"].get(name, "")
            asked = f"{limit['good']:g}, {limit['acceptable']:g}, " if limit else ""
            mark = escape((grade.split() or [""])[0])
            row += f'<td class="{mark}">{asked}{escape(grade)}</td>'
        rows.append(row)
    return _table(head, rows)


def _figure(rows: Sequence[Row], column: str, words: str, factor: float, unit: str) -> str:
    values = [factor * float(row[column]) for row in rows]
    known = [value for value in values if math.isfinite(value)]
    caption = f"<figcaption>{escape(words)}"
    if not known:
        return f"<figure>{caption}: unknown</figcaption></figure>"
    caption += f", {min(known):.4g} to {max(known):.4g} {escape(unit)}</figcaption>"
    return f"<figure>{caption}{_plot(values, min(known), max(known))}</figure>"


def _plot(values: Sequence[float], low: float, high: float) -> str:
    """Lines through the known values; a gap where one is unknown."""
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)
    scale = (HEIGHT - 2 * EDGE) / ((high - low) or 1.0)
    drawn, line = [], ""
    for k, value in enumerate([*values, math.nan]):
        if math.isfinite(value):
            line += f"{EDGE + k * step:.1f},{HEIGHT - EDGE - (value - low) * scale:.1f} "
        elif line:
            drawn.append(_line(line.strip()))
            line = ""
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img">{"".join(drawn)}</svg>'


def _line(points: str) -> str:
    if " " not in points:
        x, y = points.split(",")
        return f'<circle cx="{x}" cy="{y}" r="3" fill="#245"/>'
    return f'<polyline points="{points}" fill="none" stroke="#245" stroke-width="1.5"/>'
