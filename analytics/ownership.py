"""One owner at a time: a locked file that names the process that holds the warehouse."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WarehouseBusyError(RuntimeError):
    """Another process is building this warehouse."""


@contextmanager
def sole_owner(warehouse_dir: Path) -> Iterator[None]:
    """Hold the warehouse; the lock ends with the process, however that ends.

    Raises WarehouseBusyError naming the process that holds it.
    """
    warehouse_dir.mkdir(parents=True, exist_ok=True)
    with (warehouse_dir / "OWNER").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise WarehouseBusyError(
                f"the warehouse in {warehouse_dir} is being built by process {owner}"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
