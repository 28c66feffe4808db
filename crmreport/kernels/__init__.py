"""Kernels: what runs a page's cells, from a warm process or afresh, and what guards the build against them.

There are three routes to the same executed page: `WARM` runs the cells in a shell of a process forked from
one that has everything imported; `FORKED` in an ipykernel forked from it; `COLD` in an ipykernel that is
started anew, as papermill does by itself: the reference, and all there is where nothing can be forked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

Begin = Callable[[int], None]  # told the number of each cell of a notebook before it runs

WARM, FORKED, COLD = "warm", "forked", "cold"
KERNELS = (WARM, FORKED, COLD)

# Papermill's engine of ours (`crmreport.kernels.engine`), in the entry points of the package.
ENGINE = "crmreport"
HELD_BACK = "crmreport_outputs"  # in a cell's metadata, its outputs until the run is over

STDOUT, STDERR = "stdout", "stderr"  # files in a page's folder, of what is written past Python

# Of each process that runs cells. Sums have one order, whatever the machine; and OpenBLAS and Arrow start
# threads when they are imported, with which nothing must be forked (apache/arrow #17285).
ONE_THREAD = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def is_forked(kernel: str) -> bool:
    """Say whether pages that ask for a kernel are forked from a warm process."""
    return kernel != COLD and can_fork()


def can_fork() -> bool:
    """Say whether pages can be forked here: Linux only; elsewhere a fork loses what system libraries hold."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")
