"""Draws the pictures of /stats: `python -m bot.stats.drawing FOLDER` reads what to draw from standard input as JSON and
writes PNG files. A process of its own, so that drawing never holds up the desk and its library is loaded only then.

Everything is final: texts are in the reader's language, numbers are reckoned. Sizes and types are for a phone's width.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (7.2, 4.5)  # inches
DOTS = 150  # an inch
THEMES = {
    "light": {"ground": "#ffffff", "ink": "#1d1c1d", "faint": "#d8dade", "one": "#2463bf", "two": "#e07a1f"},
    "dark": {"ground": "#1e2024", "ink": "#f1f2f4", "faint": "#454a52", "one": "#6ea8fe", "two": "#ffb266"},
}
LABELS = 12  # at most so many below an axis
LEVEL = 80  # characters below an axis that fit in one line; longer ones lean


def draw(folder: Path, theme: dict[str, str], picture: dict[str, Any]) -> None:
    """One picture: "lines", "bars" (two series beside each other), "histogram" (one series) or "heat"."""
    figure, axes = plt.subplots(figsize=SIZE, dpi=DOTS, facecolor=theme["ground"], layout="constrained")
    axes.set_facecolor(theme["ground"])
    axes.set_title(picture["title"], color=theme["ink"], fontsize=15, fontweight="bold", loc="left", pad=12)
    match picture["kind"]:
        case "lines":
            _lines(axes, theme, picture)
        case "bars" | "histogram":
            _bars(axes, theme, picture)
        case "heat":
            _heat(axes, theme, picture)
        case kind:
            raise ValueError(kind)
    axes.tick_params(colors=theme["ink"], labelsize=11)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom" and picture["kind"] != "heat")
        spine.set_color(theme["faint"])
    figure.savefig(folder / f"{picture['name']}.png", facecolor=theme["ground"])
    plt.close(figure)


def _lines(axes: Axes, theme: dict[str, str], picture: dict[str, Any]) -> None:
    values = picture["series"][0]["values"]
    axes.plot(range(len(values)), values, color=theme["one"], linewidth=2.5, marker="o" if len(values) == 1 else None)
    axes.fill_between(range(len(values)), values, color=theme["one"], alpha=0.18)
    axes.set_ylim(0, None if any(values) else 1)
    _named(axes, theme, picture["labels"])


def _bars(axes: Axes, theme: dict[str, str], picture: dict[str, Any]) -> None:
    series = picture["series"]
    width = 0.8 / len(series)
    for number, (entry, colour) in enumerate(zip(series, (theme["one"], theme["two"]), strict=False)):
        places = [place - 0.4 + width * (number + 0.5) for place in range(len(entry["values"]))]
        bars = axes.bar(places, entry["values"], width, color=colour, label=entry["name"])
        if picture["kind"] == "histogram":
            axes.bar_label(bars, color=theme["ink"], fontsize=11, padding=2)
    axes.set_ylim(0, None if any(any(entry["values"]) for entry in series) else 1)
    if len(series) > 1:
        axes.legend(
            frameon=False, labelcolor=theme["ink"], fontsize=12, loc="lower right", bbox_to_anchor=(1, 1), ncols=2
        )
    _named(axes, theme, picture["labels"])


def _heat(axes: Axes, theme: dict[str, str], picture: dict[str, Any]) -> None:
    rows = picture["rows"]
    colours = mpl.colors.LinearSegmentedColormap.from_list("load", [theme["ground"], theme["one"]])
    axes.imshow([row["values"] for row in rows], aspect="auto", cmap=colours, vmin=0)
    most = max((max(row["values"]) for row in rows), default=0)
    for y, row in enumerate(rows):
        for x, value in enumerate(row["values"]):
            if value:
                strong = value > 0.6 * most
                ink = ("#ffffff" if theme is THEMES["light"] else "#101114") if strong else theme["ink"]
                axes.text(x, y, str(value), ha="center", va="center", fontsize=7, color=ink)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_xticks(range(0, len(picture["labels"]), 2), picture["labels"][::2])


def _named(axes: Axes, theme: dict[str, str], labels: list[str]) -> None:
    step = max(1, -(-len(labels) // LABELS))
    places = range(0, len(labels), step)
    axes.set_xticks(
        places, [labels[place] for place in places], rotation=0 if len(labels[0]) * len(places) < LEVEL else 30
    )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.grid(axis="y", color=theme["faint"], linewidth=0.8)
    axes.set_axisbelow(True)


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    for entry in wanted["pictures"]:
        draw(Path(sys.argv[1]), THEMES[wanted["theme"]], entry)
