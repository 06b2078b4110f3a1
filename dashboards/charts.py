"""Chart options: frames in, ECharts specifications out. Pure, no Streamlit.

Colours come from the theme, except the grey of what is only there to compare with.
"""

from typing import Any

import polars as pl

_MUTED = "#8a9691"
_OUTLOOK = "#c98a12"
_GRID = {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True}


def comparison(frame: pl.DataFrame, *, now: str, before: str, value_format: str) -> dict[str, Any]:
    """Bars of the period over a dashed line of the one before; first column is the label."""
    label = frame.columns[0]
    return {
        "dataset": {"source": frame.select(label, now, before)},
        "legend": {"top": 0, "left": 0, "itemWidth": 16},
        "tooltip": {"trigger": "axis", "valueFormatter": value_format},
        "grid": _GRID,
        "xAxis": {"type": "category", "axisTick": {"show": False}},
        "yAxis": {"type": "value"},
        "series": [
            {
                "type": "bar",
                "name": now,
                "encode": {"x": label, "y": now, "tooltip": [now]},
                "barMaxWidth": 36,
                "itemStyle": {"borderRadius": [3, 3, 0, 0]},
            },
            {
                "type": "line",
                "name": before,
                "encode": {"x": label, "y": before, "tooltip": [before]},
                "showSymbol": frame.height == 1,
                "itemStyle": {"color": _MUTED},
                "lineStyle": {"type": "dashed", "width": 2, "color": _MUTED},
            },
        ],
    }


def ranking(frame: pl.DataFrame, *, value: str, value_format: str) -> dict[str, Any]:
    """Horizontal bars, the largest on top; first column is the name."""
    name = frame.columns[0]
    return {
        "dataset": {"source": frame.select(name, value)},
        "tooltip": {"trigger": "axis", "valueFormatter": value_format},
        "grid": {**_GRID, "top": 8},
        "xAxis": {"type": "value", "splitNumber": 3},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "axisTick": {"show": False},
            "axisLabel": {"width": 130, "overflow": "truncate"},
        },
        "series": [
            {
                "type": "bar",
                "encode": {"x": value, "y": name, "tooltip": [value]},
                "barMaxWidth": 18,
                "itemStyle": {"borderRadius": [0, 3, 3, 0]},
            }
        ],
    }


def demand_outlook(frame: pl.DataFrame, *, first_day: str | None) -> dict[str, Any]:
    """Past demand as bars, the forecast as a line in its interval, from `first_day` on.

    Columns: day, sold, expected, p10, p90, interval (p90 - p10, stacked on p10 to draw the band).
    """
    return {
        "dataset": {"source": frame},
        "legend": {
            "top": 0,
            "left": 0,
            "itemWidth": 16,
            "data": ["Sold", "Expected", "P10 to P90"],
        },
        "tooltip": {"trigger": "axis", "valueFormatter": "%.1f"},
        "grid": {**_GRID, "bottom": 44},
        "dataZoom": [_slider(_zoom_start(frame))],
        "xAxis": {"type": "category", "axisTick": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            _bar_of_the_past(first_day),
            *_interval(),
            {
                "type": "line",
                "name": "Expected",
                "encode": {"x": "day", "y": "expected", "tooltip": ["expected"]},
                "showSymbol": False,
                "itemStyle": {"color": _OUTLOOK},
                "lineStyle": {"width": 2.5, "color": _OUTLOOK},
            },
        ],
    }


def _interval() -> list[dict[str, Any]]:
    """A band is an unseen line at P10 with the rest up to P90 stacked and filled on it."""
    unseen = {
        "type": "line",
        "stack": "interval",
        "symbol": "none",
        "lineStyle": {"opacity": 0},
    }
    return [
        {
            **unseen,
            "name": "P10",
            "encode": {"x": "day", "y": "p10", "tooltip": []},
            "silent": True,
            "tooltip": {"show": False},
        },
        {
            **unseen,
            "name": "P10 to P90",
            "encode": {"x": "day", "y": "interval", "tooltip": ["p10", "p90"]},
            "itemStyle": {"color": _OUTLOOK},
            "areaStyle": {"color": _OUTLOOK, "opacity": 0.25},
        },
    ]


def _slider(start: int) -> dict[str, Any]:
    quiet = {"color": _MUTED, "opacity": 0.6}
    return {
        "type": "slider",
        "height": 18,
        "bottom": 6,
        "start": start,
        "end": 100,
        "brushSelect": False,
        "showDataShadow": False,
        "showDetail": False,
        "borderColor": "transparent",
        "backgroundColor": "rgba(138, 150, 145, 0.12)",
        "fillerColor": "rgba(138, 150, 145, 0.28)",
        "handleStyle": quiet,
        "moveHandleStyle": quiet,
    }


def _bar_of_the_past(first_day: str | None) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": "Sold",
        "encode": {"x": "day", "y": "sold", "tooltip": ["sold"]},
        "barMaxWidth": 10,
        "markLine": {
            "symbol": "none",
            "silent": True,
            "label": {"formatter": "forecast from here", "position": "insideEndTop"},
            "lineStyle": {"type": "dashed", "color": _MUTED},
            "data": [{"xAxis": first_day}] if first_day else [],
        },
    }


def _zoom_start(frame: pl.DataFrame) -> int:
    """Show the last ten weeks or so at first; the slider holds the rest."""
    shown = 75
    return max(0, 100 - 100 * shown // max(1, frame.height))
