"""Secrets of the embedded stack: made once under `var/keys`, readable by their owner only."""

import os
import secrets
from pathlib import Path

_SECRET_BYTES = 32


def secret(var_dir: Path, name: str) -> str:
    """Return a secret in hexadecimal, making it on first use."""
    file = var_dir / "keys" / name
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_hex(_SECRET_BYTES))
    return file.read_text().strip()
