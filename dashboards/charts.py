"""Chart options: frames in, ECharts specifications out. Pure, no Streamlit.

Colours come from the theme, except the grey of what is only there to compare with.
"""

from typing import Any

import polars as pl

_MUTED = "#8a9691"
_GRID = {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True}


def comparison(
    frame: pl.DataFrame, *, now: str, before: str, unit: str, value_format: str
) -> dict[str, Any]:
    """Bars of the period over a dashed line of the one before; first column is the label."""
    label = frame.columns[0]
    return {
        "dataset": {"source": frame.select(label, now, before)},
        "legend": {"top": 0, "left": 0},
        "tooltip": {"trigger": "axis", "valueFormatter": value_format},
        "grid": _GRID,
        "xAxis": {"type": "category", "axisTick": {"show": False}},
        "yAxis": {"type": "value", "name": unit, "nameLocation": "end", "nameGap": 12},
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


def demand_outlook(frame: pl.DataFrame, *, now: str | None) -> dict[str, Any]:
    """Past demand as bars, the forecast as a line in its interval, divided at `now`.

    Columns: day, sold, expected, p10, p90, interval (p90 - p10, stacked on p10 to draw the band).
    """
    return {
        "dataset": {"source": frame},
        "legend": {"top": 0, "left": 0, "data": ["Sold", "Expected", "P10 to P90"]},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.1f"},
        "grid": {**_GRID, "bottom": 44},
        "dataZoom": [
            {"type": "slider", "height": 20, "bottom": 6, "start": _zoom_start(frame), "end": 100}
        ],
        "xAxis": {"type": "category", "axisTick": {"show": False}},
        "yAxis": {"type": "value", "name": "Units", "minInterval": 1, "nameGap": 12},
        "series": [
            _bar_of_the_past(now),
            {
                "type": "line",
                "name": "P10",
                "stack": "interval",
                "encode": {"x": "day", "y": "p10", "tooltip": []},
                "symbol": "none",
                "lineStyle": {"opacity": 0},
                "silent": True,
                "tooltip": {"show": False},
            },
            {
                "type": "line",
                "name": "P10 to P90",
                "stack": "interval",
                "encode": {"x": "day", "y": "interval", "tooltip": ["p10", "p90"]},
                "symbol": "none",
                "lineStyle": {"opacity": 0},
                "itemStyle": {"color": "#c98a12"},
                "areaStyle": {"color": "#c98a12", "opacity": 0.25},
            },
            {
                "type": "line",
                "name": "Expected",
                "encode": {"x": "day", "y": "expected", "tooltip": ["expected"]},
                "showSymbol": False,
                "itemStyle": {"color": "#c98a12"},
                "lineStyle": {"width": 2.5, "color": "#c98a12"},
            },
        ],
    }


def _bar_of_the_past(now: str | None) -> dict[str, Any]:
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
            "data": [{"xAxis": now}] if now else [],
        },
    }


def _zoom_start(frame: pl.DataFrame) -> int:
    """Show the last ten weeks or so at first; the slider holds the rest."""
    shown = 75
    return max(0, 100 - 100 * shown // max(1, frame.height))
