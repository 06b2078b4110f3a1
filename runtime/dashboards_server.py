"""The dashboards' process: Streamlit on the published file."""

import os
import sys
from pathlib import Path

from config.settings import Settings


def serve_dashboards(settings: Settings) -> None:
    """Become the Streamlit server; does not return."""
    entry = Path(__file__).resolve().parent.parent / "dashboards" / "app.py"
    environment = {
        **os.environ,
        "MALLARD_WAREHOUSE_DIR": str(settings.warehouse_dir),
        "MALLARD_API_URL": settings.api_url,
        "MALLARD_STORE_ID": settings.store_id,
    }
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(entry)),
        *("--server.port", str(settings.dashboards_port)),
        *("--server.address", settings.host),
        *("--server.headless", "true"),
        *("--browser.gatherUsageStats", "false"),
        *("--server.fileWatcherType", "none"),
    ]
    os.chdir(entry.parent.parent)
    os.execve(sys.executable, command, environment)  # noqa: S606 - replaces this process
