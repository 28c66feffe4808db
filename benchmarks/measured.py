"""Measured: what a command costs, with all that it starts."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Wall and processor time, in seconds."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall_seconds + other.wall_seconds, self.cpu_seconds + other.cpu_seconds)

    def as_data(self) -> dict[str, float]:
        """Give the cost as plain data, rounded to what is worth reading."""
        return {"wall_seconds": round(self.wall_seconds, 2), "cpu_seconds": round(self.cpu_seconds, 2)}


def cost_of(
    command: Sequence[str | Path], folder: Path, log: Path, extra: Mapping[str, str] | None = None
) -> Cost:
    """Run a command in a folder and give its cost; what it says goes to the log.

    `extra`: variables of its environment. Raises RuntimeError, naming the log, if it does not end with 0.
    """
    started = time.perf_counter()
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=said, env={**os.environ, **(extra or {})}
        )
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}; {log} has what it said")
    return Cost(wall, used.ru_utime + used.ru_stime)
