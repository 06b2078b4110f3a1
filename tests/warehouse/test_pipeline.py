"""The warehouse line does no work twice, has one owner, survives a crash, and tells how it is."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from analytics.lake import EventLake
from analytics.load import DamagedBatchError, open_build
from analytics.ownership import WarehouseBusyError
from analytics.pipeline import WarehousePipeline
from analytics.transform import DbtProject, TransformError
from analytics.warehouse import POINTER, published, published_folder
from tests.support.events import START, EventLog, Line, Shop
from tests.warehouse.conftest import NOW
from tests.warehouse.conftest import Line as WarehouseLine
from tests.warehouse.test_lake import forecast_run


def one_order(order_id: str = "extra-1") -> Shop:
    shop = Shop(location_id="annexe")
    shop.move("received", order_id, 10)
    shop.submit(order_id, [Line(sku=order_id, qty=2, price_minor=700)], START)
    return shop


def test_an_empty_lake_becomes_an_empty_published_warehouse(empty: WarehouseLine) -> None:
    report = empty.pipeline.refresh(NOW)

    assert (report.loaded_events, report.published_version) == (0, 1)
    assert empty.ask("select count(*) from marts.orders") == [(0,)]


def test_with_nothing_new_nothing_is_built_or_published(built: WarehouseLine) -> None:
    report = built.pipeline.refresh(NOW)

    assert (report.loaded_batches, report.models_built, report.is_published) == (0, 0, False)
    assert report.published_version == 1


def test_only_what_lies_downstream_of_new_events_is_built(built: WarehouseLine) -> None:
    log = EventLog()
    log.add("session.started", "s-1", START, {"session_id": "s-1", "visitor_id": "v-1"})
    built.export(log.take(), first=10_001)
    sessions = built.pipeline.refresh(NOW)
    shop = Shop(location_id="annexe")
    shop.move("received", "extra", 10)
    built.export(shop.log.take(), first=20_001)

    stock = built.pipeline.refresh(NOW)

    assert (sessions.models_built, sessions.published_version) == (0, 2)
    assert 2 <= stock.models_built <= 12
    assert stock.published_version == 3


def test_a_new_forecast_is_published_without_new_events(built: WarehouseLine) -> None:
    built.lake.write_table("forecast_runs", "run-1", forecast_run())

    report = built.pipeline.refresh(NOW)

    assert (report.models_built, report.published_version) == (1, 2)
    assert built.ask("select run_id, skus from marts.forecast_runs") == [("run-1", 3)]


def test_a_refresh_works_on_any_thread(built: WarehouseLine) -> None:
    built.export(one_order().log.take(), first=10_001)

    with ThreadPoolExecutor(max_workers=1) as threads:
        report = threads.submit(built.pipeline.refresh, NOW).result()

    assert report.published_version == 2


def test_a_second_owner_is_told_who_the_first_is(built: WarehouseLine) -> None:
    with (built.warehouse_dir / "OWNER").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()

        with pytest.raises(WarehouseBusyError, match=f"being built by process {os.getpid()}"):
            built.pipeline.refresh(NOW)


def test_a_damaged_file_stops_the_refresh_and_keeps_the_publication(built: WarehouseLine) -> None:
    path = built.export(one_order().log.take(), first=10_001)
    path.write_bytes(b"not parquet")

    with pytest.raises(DamagedBatchError, match=path.name):
        built.pipeline.refresh(NOW)

    assert built.pipeline.status().published_version == 1


def test_a_build_that_was_not_published_is_published_by_the_next_refresh(
    built: WarehouseLine,
) -> None:
    pointer = published_folder(built.warehouse_dir) / POINTER
    first = pointer.read_text()
    built.export(one_order().log.take(), first=10_001)
    built.pipeline.refresh(NOW)
    pointer.write_text(first)

    report = built.pipeline.refresh(NOW)

    assert (report.models_built, report.is_published, report.published_version) == (0, True, 3)
    assert built.ask("select count(*) from marts.orders where order_id = 'extra-1'") == [(1,)]


def test_a_rebuild_needs_nothing_but_the_lake(built: WarehouseLine) -> None:
    orders = built.ask("select * exclude (last_load_id) from marts.orders order by order_id")
    built.pipeline.build_file.write_bytes(b"broken")

    report = built.pipeline.rebuild(NOW)

    assert (report.failed_tests, report.published_version) == ((), 2)
    assert (
        built.ask("select * exclude (last_load_id) from marts.orders order by order_id") == orders
    )
    assert built.pipeline.refresh(NOW).models_built == 0


def test_a_rebuild_that_fails_keeps_the_present_warehouse(built: WarehouseLine) -> None:
    rows = one_order().log.take()
    built.export(rows[2:], first=10_001)

    report = built.pipeline.rebuild(NOW)

    assert [test.name for test in report.failed_tests] != []
    assert report.published_version == 1
    assert not (built.warehouse_dir / "fresh").exists()
    with open_build(built.pipeline.build_file) as connection:
        assert connection.execute("select max(load_id) from raw.loads").fetchall() == [(1,)]


def test_other_models_mean_a_full_build(built: WarehouseLine) -> None:
    with open_build(built.pipeline.build_file) as connection:
        connection.execute("update raw.builds set project_hash = 'another'")
        connection.execute("create table marts.left_over (number integer)")

    report = built.pipeline.refresh(NOW)

    assert report.models_built > 30
    assert report.published_version == 2
    assert "left_over" not in built.pipeline.status().mart_rows


def test_a_broken_model_is_named(built: WarehouseLine) -> None:
    with open_build(built.pipeline.build_file) as connection:
        connection.execute("alter table marts.payments drop column method")
    built.export(one_order().log.take(), first=10_001)

    with pytest.raises(TransformError, match="payments"):
        built.pipeline.refresh(NOW)

    assert "payments" in (built.pipeline.status().last_failure or "")
    assert built.pipeline.status().published_version == 1


def test_the_status_tells_what_readers_see(built: WarehouseLine) -> None:
    status = built.pipeline.status()

    assert (status.published_version, status.published_at, status.last_built_at) == (1, NOW, NOW)
    assert status.raw_events > 300
    assert status.quarantined == 0
    assert status.mart_rows["orders"] >= 25
    assert status.last_failure is None


def test_the_status_of_nothing_is_empty(empty: WarehouseLine) -> None:
    status = empty.pipeline.status()

    assert (status.published_version, status.raw_events, status.mart_rows) == (None, 0, {})


def test_a_report_times_its_phases(built: WarehouseLine, project: DbtProject) -> None:
    ticks = iter(range(100))
    pipeline = WarehousePipeline(
        built.root / "lake",
        built.warehouse_dir,
        project=project,
        clock=lambda: float(next(ticks)),
    )
    built.export(one_order().log.take(), first=10_001)
    said: list[str] = []

    report = pipeline.refresh(NOW + timedelta(minutes=1), said.append)

    assert report.seconds == {"load": 1.0, "build": 1.0, "publish": 1.0}
    assert said == ["loading new files", "building, 7 new events"]


def test_quarantined_events_are_counted_and_hold_their_place(built: WarehouseLine) -> None:
    rows = one_order().log.take()
    rows[2]["event_version"] = 7
    built.export(rows, first=10_001)

    report = built.pipeline.refresh(NOW)

    assert (report.quarantined, report.failed_tests) == (1, ())
    assert built.pipeline.status().quarantined == 1


def test_the_lake_may_be_read_by_any_number_of_pipelines(empty: WarehouseLine) -> None:
    empty.export(one_order().log.take(), first=1)

    assert [batch.first for batch in EventLake(empty.root / "lake").batches()] == [1]
    assert published(empty.warehouse_dir) is None
