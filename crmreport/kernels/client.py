"""Client: papermill's own client of a kernel, which knows in which cell a kernel failed, and how."""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager

from crmreport.kernels import Begin
from crmreport.kernels.fault import MOST_OUTPUT_BYTES, Fault, ended_with, ran_too_long, shows_too_much


class Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs a notebook's cells; raises Fault where the kernel dies, hangs, or prints without end."""

    def __init__(self, manager: NotebookExecutionManager, begin: Begin, **options: Any) -> None:  # noqa: ANN401
        super().__init__(manager, **options)
        self.begin = begin
        self.printed = 0

    async def async_execute_cell(
        self,
        cell: NotebookNode,
        cell_index: int,
        execution_count: int | None = None,
        store_history: bool = True,
    ) -> NotebookNode:
        """Run one cell, as nbclient does."""
        self.begin(cell_index)
        try:
            return await super().async_execute_cell(cell, cell_index, execution_count, store_history)
        except CellTimeoutError:
            raise Fault(ran_too_long(self.timeout), cell_index) from None
        except (DeadKernelError, CellExecutionError) as error:
            if self.printed > MOST_OUTPUT_BYTES:
                raise Fault(shows_too_much(), cell_index) from None
            if isinstance(error, CellExecutionError):
                _show(error, cell)
                raise
            code = await self.km.provisioner.poll()
            raise Fault(ended_with(code or 0), cell_index) from None

    execute_cell = run_sync(async_execute_cell)

    def process_message(self, message: dict[str, Any], *place: Any) -> NotebookNode | None:  # noqa: ANN401
        """Take one of the kernel's messages; give up a cell that prints without end."""
        if message["msg_type"] == "stream":
            self.printed += len(message["content"]["text"])
            if self.printed > MOST_OUTPUT_BYTES:
                self.task_poll_for_reply.cancel()  # comes out as a dead kernel, or as an error of the cell
                return None
        return super().process_message(message, *place)


def _show(error: CellExecutionError, cell: NotebookNode) -> None:
    """Show the error in its cell, where a kernel without memory could answer, but not publish it."""
    if not any(output.output_type == "error" for output in cell.outputs):
        cell.outputs.append(new_output("error", ename=error.ename, evalue=error.evalue, traceback=[]))
