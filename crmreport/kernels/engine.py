"""Engine: what papermill asks to run the cells of a notebook, by each of our routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# By their names: papermill imports this module before it is wholly there itself.
from papermill.engines import Engine as PapermillEngine
from papermill.engines import NotebookExecutionManager
from papermill.log import logger

from crmreport.kernels import FORKED, HELD_BACK, WARM, Begin

MAY_RAISE = "raises-exception"  # a cell's tag: its error is shown, and the page goes on


class Engine(PapermillEngine):  # type: ignore[misc]
    """Papermill's engine with a choice of kernels."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        kernel: str,
        begin: Begin,
        folder: Path,
        execution_timeout: int,
        start_timeout: int,
        **_: Any,  # noqa: ANN401 - what papermill gives to every engine
    ) -> None:
        """Run the cells; raises Fault where they end or exhaust their process.

        `kernel`: one of `crmreport.kernels.KERNELS`; `begin`: told the number of each cell before it runs;
        `folder`: where the kernel may put what it needs meanwhile.
        """
        options = {
            "kernel_name": kernel_name,
            "log": logger,
            "startup_timeout": start_timeout,
            "timeout": execution_timeout,
        }
        # Imported where they are needed: whatever imports papermill imports this module, too.
        if kernel == WARM:
            from crmreport.kernels.here import HereClient

            HereClient(nb_man, begin, folder, **options).execute()
        elif kernel == FORKED:
            from crmreport.kernels.forked import ForkedClient

            ForkedClient(nb_man, begin, **options).execute()
        else:
            from crmreport.kernels.client import Client

            Client(nb_man, begin, **options).execute()
        for cell in nb_man.nb.cells:
            if MAY_RAISE in cell.metadata.get("tags", ()) and not cell.metadata.papermill["exception"]:
                # Papermill takes any error that is shown for the end of the run (nteract/papermill #786,
                # "a much smaller edge case").
                cell.metadata[HELD_BACK], cell.outputs = cell.outputs, []
