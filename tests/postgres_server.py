"""A PostgreSQL server that a test starts, and that is gone with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import program


@contextmanager
def postgres_server(folder: Path, password: str) -> Iterator[int]:
    """Start a server for the user ``crm``, and give its port; skip the test where there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    binaries = found[-1].parent if found else Path(program("initdb")).parent
    # The server refuses to be run by root; its folder must be its own, and the way to it open.
    own = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    place = Path("/tmp" if own else folder, f"crmreport-postgres-{os.getpid()}")
    place.mkdir()
    try:
        (place / "password").write_text(password)
        if own:
            shutil.chown(place, "nobody")
            shutil.chown(place / "password", "nobody")
        initialise = (
            f"{binaries}/initdb -D {place}/data -U crm -A scram-sha-256 --pwfile={place}/password -E UTF8"
        )
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([*own, *initialise.split()], **quiet)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
        server = [*own, f"{binaries}/pg_ctl", "-D", f"{place}/data", "-w"]
        subprocess.run([*server, "-l", f"{place}/log", "-o", options, "start"], **quiet)
        try:
            yield port
        finally:
            subprocess.run([*server, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(place)
