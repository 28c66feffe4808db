"""Floor: a review's cells alone, one page after the other in one process: the work that no route can save.

    python -m benchmarks.floor FOLDER 2025-09 2025-10

`FOLDER` is a project whose figures and analyses are there. No papermill, no kernel, no files, no book: all
that a page needs is loaded before the clock starts, and its outputs are made and forgotten.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from crmreport.config import read_project
from crmreport.display.outputs import MEDIUM
from crmreport.pages.shared import Shared, looked_up, prepare_shared, rehearsal
from crmreport.work import Request, plan_work


def run_cells(shell: InteractiveShell, notebook: str, parameters: dict[str, str]) -> None:
    """Run a notebook's cells with these parameters; raises RuntimeError where one fails."""
    shell.reset(new_session=False)
    for cell in nbformat.reads(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            with capture_output() as said:
                result = shell.run_cell(cell.source)
            if not result.success:
                raise RuntimeError(f"{parameters}: {said.stdout}")
            if "parameters" in cell.metadata.get("tags", ()):
                shell.push(parameters)


def main() -> None:
    """Print the CPU seconds of all pages' cells, and of what they share."""
    os.environ[MEDIUM] = "book"
    project, months = read_project(Path(sys.argv[1])), tuple(sys.argv[2:])
    work = plan_work(project, Request(periods=months, force=True))
    os.chdir(project.root)
    began = time.process_time()
    prepare_shared(looked_up(Shared(project, work.results, work.periods), {p.name for p in work.periods}))
    shared = time.process_time() - began
    shell = InteractiveShell.instance()
    run_cells(shell, rehearsal(), work.pages[-1].page.parameters)
    gc.freeze()  # forgetting a page's names looks through all that is loaded, else
    began = time.process_time()
    for planned in work.pages:
        run_cells(shell, planned.prepared, planned.page.parameters)
    cells = time.process_time() - began
    found = {
        "pages": len(work.pages),
        "shared_cpu_seconds": round(shared, 2),
        "cells_cpu_seconds": round(cells, 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
