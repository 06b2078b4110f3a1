"""The `mallard` command. Each command imports what it runs, so that every one starts quickly."""

# ruff: noqa: PLC0415

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from config.logging import configure_logging
from config.settings import Settings

app = typer.Typer(
    help="Order pipeline and analytics warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
warehouse_app = typer.Typer(help="Build, rebuild and inspect the warehouse.", no_args_is_help=True)
import_app = typer.Typer(help="Bring another shop's history in.", no_args_is_help=True)
forecast_app = typer.Typer(help="Forecast demand and plan orders.", no_args_is_help=True)
app.add_typer(warehouse_app, name="warehouse")
app.add_typer(import_app, name="import")
app.add_typer(forecast_app, name="forecast")


def main() -> None:
    """Run the command; an expected error is one clear text and exit code 1."""
    configure_logging()
    code = 0
    try:
        with _clear_errors():
            app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    # While the interpreter ends, the DuckDB binding would print a leak report that means nothing.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    raise SystemExit(code)


@app.command()
def up() -> None:
    """Start everything on this machine; Ctrl-C stops it. A second start goes on from there."""
    from runtime.stack import Stack, addresses

    settings = Settings()
    _say(f"starting Mallard, state in {settings.var_dir}")
    stop = _stop_on_signal()
    with Stack(settings, say=_say).running(stop):
        _say("")
        for name, url in addresses(settings).items():
            _say(f"  {name:<12} {url}")
        _say("\nCtrl-C stops everything.")
        stop.wait()


@app.command()
def demo(
    *,
    orders: Annotated[int, typer.Option(min=1, max=100_000, help="Live orders to place.")] = 120,
    once: Annotated[
        bool, typer.Option("--once", help="End after the summary; its last line is JSON.")
    ] = False,
) -> None:
    """Start everything with a generated mall, two years of history and live shoppers."""
    from runtime.commands.demo import run_demo

    settings = Settings(timer_profile=os.environ.get("MALLARD_TIMER_PROFILE", "demonstration"))
    run_demo(settings, orders=orders, once=once, say=_say, stop=_stop_on_signal())


@app.command("migrate")
def migrate_database() -> None:
    """Bring the operational database to the newest schema."""
    from runtime.bootstrap import database_url
    from store.migrate import migrate

    migrate(database_url(Settings()))
    _say("the database is at the newest schema")


@app.command()
def api() -> None:
    """Serve the HTTP API."""
    from runtime.api_server import serve_api

    asyncio.run(serve_api(Settings()))


@app.command()
def worker(
    *,
    queue: Annotated[str, typer.Option(help="orders or warehouse")] = "orders",
    ready_file: Annotated[Path | None, typer.Option(help="Touched when work begins.")] = None,
) -> None:
    """Work on one task queue."""
    from contracts import queues
    from runtime.workers import work_on_orders, work_on_warehouse

    work_on = {queues.ORDERS: work_on_orders, queues.WAREHOUSE: work_on_warehouse}.get(queue)
    if work_on is None:
        raise typer.BadParameter(f"there is no queue {queue!r}: orders or warehouse")
    asyncio.run(work_on(Settings(), ready_file=ready_file))


@app.command()
def dashboards() -> None:
    """Serve the dashboards."""
    from runtime.dashboards_server import serve_dashboards

    serve_dashboards(Settings())


@app.command()
def sandbox() -> None:
    """Serve the simulated outside: payment gateway, carrier, supplier."""
    from runtime.commands.outside import serve_sandbox

    serve_sandbox(Settings())


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="One statement; the tables are in `marts`.")],
    *,
    format_name: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",
) -> None:
    """Ask the published warehouse. Nothing can be changed."""
    from runtime.commands.warehouse import run_sql

    typer.echo(run_sql(Settings(), statement, format_name=format_name), nl=False)


@warehouse_app.command("refresh")
def warehouse_refresh() -> None:
    """Bring the published warehouse up to date."""
    from runtime.commands.warehouse import refresh

    done = refresh(Settings(), say=_say_aside)
    if done.exported is not None:
        _say(f"exported  {done.exported:,} events")
    _report(done.report)


@warehouse_app.command("rebuild")
def warehouse_rebuild() -> None:
    """Recreate every mart from the event lake alone."""
    from runtime.commands.warehouse import rebuild

    _report(rebuild(Settings(), say=_say_aside))


@warehouse_app.command("status")
def warehouse_status(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Say what readers see now and how the last build went."""
    from dataclasses import asdict

    from runtime.commands.warehouse import status

    found = status(Settings())
    if as_json:
        typer.echo(json.dumps(asdict(found), default=str))
        return
    if found.published_version is None:
        _say("nothing is published yet: run `mallard warehouse refresh`")
    else:
        _say(f"published    version {found.published_version}, {found.published_at}")
        _say(f"newest event {found.newest_event_at}")
        _say(f"events       {found.raw_events:,}, quarantined {found.quarantined:,}")
    if found.last_built_at is not None:
        _say(f"last build   {found.last_built_at}, {found.last_failure or 'all tests passed'}")
    for name, rows in found.mart_rows.items():
        _say(f"  {name:<28} {rows:>12,}")


@import_app.command("uci-online-retail")
def import_uci(
    file: Annotated[Path, typer.Argument(help="The published file, CSV or Parquet.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON, on the last line.")
    ] = False,
) -> None:
    """Import the UCI Online Retail history as a store of its own."""
    from runtime.commands.warehouse import import_uci_online_retail

    done = import_uci_online_retail(Settings(), file, say=_say_aside)
    _say(done.as_text())
    if as_json:
        typer.echo(json.dumps(done.as_json()))


@forecast_app.command("run")
def forecast_run() -> None:
    """Refresh, forecast and open suggestions, through the running stack."""
    from runtime.commands.planning import plan_now

    done = asyncio.run(plan_now(Settings()))
    _say(f"run {done.run_id}: {done.skus:,} SKUs forecast, {done.proposals:,} to order")
    if done.wape_model is not None and done.wape_naive is not None:
        _say(f"WAPE {done.wape_model:.3f}, seasonal naive {done.wape_naive:.3f}")


def _report(report: Any) -> None:
    _say(
        f"loaded    {report.loaded_events:,} events, {report.quarantined:,} quarantined\n"
        f"built     {report.models_built} models, {report.tests_passed} tests passed\n"
        f"published version {report.published_version}"
    )
    _say("seconds   " + ", ".join(f"{name} {took:.1f}" for name, took in report.seconds.items()))
    if report.failed_tests:
        for test in report.failed_tests:
            _say(f"failed    {test.name}: {test.rows} rows; the last good version stays published")
        raise typer.Exit(1)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _say(text: str) -> None:
    typer.echo(text)
    sys.stdout.flush()


def _say_aside(text: str) -> None:
    typer.echo(text, err=True)


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not _is_expected(error):
            raise
        typer.echo(f"mallard: {error}", err=True)
        raise SystemExit(1) from error


def _is_expected(error: Exception) -> bool:
    """Tell whether an error is one of ours that says by itself what to do."""
    ours = {"analytics", "runtime", "store", "sandbox", "providers"}
    return type(error).__module__.partition(".")[0] in ours


if __name__ == "__main__":
    main()
