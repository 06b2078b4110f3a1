"""Ask the published warehouse one question: SQL and parameters in, a frame out."""

from typing import Any

import polars as pl

from analytics.warehouse import Publication, read_only


def fetch(publication: Publication, sql: str, **parameters: Any) -> pl.DataFrame:
    """Run one read-only query on its own connection, so that no page can hold a file open."""
    with read_only(publication) as connection:
        answer: pl.DataFrame = connection.sql(sql, params=parameters).pl()
    return answer
