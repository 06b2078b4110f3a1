"""A real Chromium on a real dashboards process, for tests of what only a browser can show."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM_MISSING = "Chromium is not installed (Debian package `chromium`)"
_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Opened on a page's own address, Streamlit first looks for its server below that address, finds
# nothing and goes one up; Chromium logs each look as an error.
_PROBES = ("/_stcore/health", "/_stcore/host-config")
_START_WITHIN_S = 30.0
_SHOWN_WITHIN_MS = 20_000
_MOMENT_MS = 250


def chromium() -> str | None:
    return shutil.which("chromium")


@dataclass(slots=True)
class Visit:
    """One open page with everything it complained about and everyone it talked to."""

    page: Page
    base_url: str
    console_errors: list[str] = field(default_factory=list)
    requested_hosts: set[str] = field(default_factory=set)

    def open(self, path: str = "/") -> None:
        self.page.goto(f"{self.base_url}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and nothing on the page is a leftover of the run before.

        Twice, a moment apart: between two runs the page looks done for an instant.
        """
        self._wait_for_rest()
        self.page.wait_for_timeout(_MOMENT_MS)
        self._wait_for_rest()

    def _wait_for_rest(self) -> None:
        self.page.wait_for_selector("[data-testid=stApp]", timeout=_SHOWN_WITHIN_MS)
        self.page.wait_for_function(
            """() => {
                const app = document.querySelector('[data-testid=stApp]');
                const isIdle = app.getAttribute('data-test-script-state') === 'notRunning';
                const hasContent = document.querySelector('[data-testid=stHeading]') !== null;
                const isStale = document.querySelector('[data-stale=true]') !== null;
                return isIdle && hasContent && !isStale;
            }""",
            timeout=_SHOWN_WITHIN_MS,
        )

    def overflow_px(self) -> int:
        """Return how far the page is wider than its window; 0 when nothing sticks out."""
        width: int = self.page.evaluate(
            """() => {
                const roots = [document.documentElement, document.body,
                    document.querySelector('[data-testid=stMain]')];
                return Math.max(...roots.map((root) => root.scrollWidth - root.clientWidth));
            }"""
        )
        return width


@contextmanager
def dashboards(environment: dict[str, str]) -> Iterator[str]:
    """Run the real entry file on a free port and yield its address."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "streamlit", "run", "dashboards/app.py"),
        *("--server.address", "127.0.0.1", "--server.port", str(port)),
    ]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=_CHROMIUM_FLAGS)
        try:
            yield started
        finally:
            started.close()


@contextmanager
def visit(
    started: Browser, base_url: str, *, width: int = 1400, is_dark: bool = False
) -> Iterator[Visit]:
    """Open a fresh, private window of the given width that keeps a record of complaints."""
    context = started.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if is_dark else "light",
        accept_downloads=True,
    )
    page = context.new_page()
    visited = Visit(page=page, base_url=base_url)
    page.on("console", lambda message: _note_error(visited, message))
    page.on("pageerror", lambda error: visited.console_errors.append(str(error)))
    page.on("request", lambda request: visited.requested_hosts.add(_host(request.url)))
    try:
        yield visited
    finally:
        context.close()


def _note_error(visited: Visit, message: ConsoleMessage) -> None:
    is_probe = message.location["url"].endswith(_PROBES)
    if message.type == "error" and not is_probe:
        visited.console_errors.append(f"{message.text} {message.location['url']}")


def _host(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return rest.partition("/")[0].partition(":")[0] if scheme in {"http", "https"} else "local"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboards ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"the dashboards did not answer within {_START_WITHIN_S} s")
