"""A publication appears whole, under open readers, and two versions are kept."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from analytics.load import open_build
from analytics.publish import publish
from analytics.warehouse import (
    Publication,
    QueryError,
    WarehouseUnavailableError,
    published,
    published_folder,
    query,
    read_only,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def build_file(tmp_path: Path) -> Path:
    file = tmp_path / "build.duckdb"
    with open_build(file) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.figures as select 1 as figure")
        connection.execute(
            "create view marts.doubled as select figure * 2 as figure from build.marts.figures"
        )
    return file


def publish_figure(build_file: Path, figure: int) -> Publication:
    with open_build(build_file) as connection:
        connection.execute("update marts.figures set figure = ?", [figure])
    return publish(
        build_file,
        build_file.parent,
        build_no=figure,
        last_load_id=figure,
        events=10 * figure,
        published_at=NOW,
    )


def figure_in(publication: Publication) -> int:
    return int(query(publication, "select figure from marts.figures").rows[0][0])


def test_before_the_first_publication_there_is_none(tmp_path: Path) -> None:
    assert published(tmp_path) is None


def test_what_is_published_is_what_readers_get(build_file: Path) -> None:
    publication = publish_figure(build_file, 7)

    assert published(build_file.parent) == publication
    assert (publication.version, publication.last_load_id, publication.events) == (1, 7, 70)
    assert figure_in(publication) == 7


def test_views_of_the_build_resolve_in_the_published_file(build_file: Path) -> None:
    assert query(publish_figure(build_file, 7), "select figure from marts.doubled").rows == [(14,)]


def test_an_open_reader_keeps_its_version_and_the_next_one_gets_the_new(build_file: Path) -> None:
    first = publish_figure(build_file, 1)

    with read_only(first) as reader:
        for figure in (2, 3, 4):
            publish_figure(build_file, figure)
        kept = reader.execute("select figure from marts.figures").fetchall()

    newest = published(build_file.parent)
    assert kept == [(1,)]
    assert newest is not None
    assert (newest.version, figure_in(newest)) == (4, 4)


def test_two_versions_are_kept(build_file: Path) -> None:
    for figure in (1, 2, 3, 4):
        publish_figure(build_file, figure)

    files = sorted(path.name for path in published_folder(build_file.parent).iterdir())
    assert files == ["CURRENT", "warehouse-3.duckdb", "warehouse-4.duckdb"]


def test_a_copy_that_was_interrupted_is_no_version(build_file: Path) -> None:
    publish_figure(build_file, 1)
    partial = published_folder(build_file.parent) / ".warehouse-2.duckdb.partial"
    partial.write_bytes(b"half")

    second = publish_figure(build_file, 2)

    assert (second.version, figure_in(second)) == (2, 2)
    assert not partial.exists()


def test_a_file_that_was_copied_but_never_pointed_at_is_passed_over(build_file: Path) -> None:
    publish_figure(build_file, 1)
    (published_folder(build_file.parent) / "warehouse-2.duckdb").write_bytes(b"half")

    assert publish_figure(build_file, 2).version == 3


def test_a_reader_cannot_write(build_file: Path) -> None:
    with (
        read_only(publish_figure(build_file, 1)) as reader,
        pytest.raises(duckdb.Error, match="read-only"),
    ):
        reader.execute("delete from marts.figures")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.figures",
        "select * from read_csv('/etc/hostname')",
        "copy marts.figures to 'stolen.csv'",
        "selec",
    ],
)
def test_a_query_reads_the_warehouse_and_nothing_else(build_file: Path, statement: str) -> None:
    with pytest.raises(QueryError):
        query(publish_figure(build_file, 1), statement)


def test_a_query_can_be_cut_short(build_file: Path) -> None:
    result = query(publish_figure(build_file, 1), "select * from range(10)", rows_max=3)

    assert (len(result.rows), result.is_truncated) == (3, True)


def test_a_query_takes_parameters(build_file: Path) -> None:
    publication = publish_figure(build_file, 1)

    assert query(publication, "select $a + 1 as b", {"a": 1}).rows == [(2,)]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseUnavailableError, match=r"warehouse-9\.duckdb"),
        read_only(tmp_path / "warehouse-9.duckdb"),
    ):
        pass
