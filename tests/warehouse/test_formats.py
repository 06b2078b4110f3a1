"""Results as a table, as CSV and as JSON."""

from datetime import date

import pytest

from analytics.formats import UnknownFormatError, render
from analytics.warehouse import QueryResult

RESULT = QueryResult(
    columns=("sku", "units", "day"),
    rows=[("cup", 12, date(2026, 3, 1)), ("a, b", None, date(2026, 3, 2))],
)


def test_a_table_aligns_numbers_right_and_counts_its_rows() -> None:
    assert render(RESULT, "table") == (
        "sku   units  day\n"
        "----  -----  ----------\n"
        "cup      12  2026-03-01\n"
        "a, b         2026-03-02\n"
        "(2 rows)\n"
    )


def test_a_table_says_when_rows_were_left_out() -> None:
    cut = QueryResult(columns=("n",), rows=[(1,)], is_truncated=True)

    assert render(cut, "table").endswith("(1 row, more were left out)\n")


def test_a_table_shortens_long_text_and_keeps_one_line_per_row() -> None:
    long = QueryResult(columns=("text",), rows=[("word\n" * 40,)])

    [_, _, row, _] = render(long, "table").splitlines()
    assert len(row) == 60
    assert row.endswith("…")


def test_csv_quotes_what_needs_it_and_leaves_null_empty() -> None:
    assert render(RESULT, "csv") == 'sku,units,day\ncup,12,2026-03-01\n"a, b",,2026-03-02\n'


def test_json_keeps_numbers_and_null() -> None:
    assert render(RESULT, "json") == (
        '[{"sku": "cup", "units": 12, "day": "2026-03-01"},'
        ' {"sku": "a, b", "units": null, "day": "2026-03-02"}]\n'
    )


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UnknownFormatError, match="'xml' is not one of table, csv, json"):
        render(RESULT, "xml")
