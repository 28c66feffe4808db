"""Here: a kernel in this very process, without sockets, whose messages are those of any ipykernel.

Outputs are made by ipykernel's own shell and taken in by nbclient, so a page is the same by every route.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from IPython.core.profiledir import ProfileDir
from IPython.core.shellapp import InteractiveShellApp
from jupyter_client.session import Session
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode
from papermill.engines import NotebookExecutionManager
from traitlets.config import Config

from crmreport.kernels import STDERR, STDOUT, Begin
from crmreport.kernels.client import Client
from crmreport.kernels.fault import MOST_OUTPUT_BYTES, TooMuchOutput

Message = dict[str, Any]


class HereClient(Client):
    """Runs a notebook's cells in this process; `folder`: where it may put what it needs meanwhile."""

    def __init__(self, manager: NotebookExecutionManager, begin: Begin, folder: Path, **options: Any) -> None:  # noqa: ANN401
        super().__init__(manager, begin, **options)
        self.folder = folder

    def execute(self, **_: object) -> NotebookNode:
        """Run all cells, or those before the first that fails."""
        self.reset_execution_trackers()
        try:
            with kernel_here(self.folder) as kernel:
                self.kc = kernel
                self.papermill_execute_cells()
                self.set_widgets_metadata()
        finally:
            # What is forked from this process must not share its loop's descriptors.
            ensure_event_loop().close()
            asyncio.set_event_loop(None)
        return self.nb


class _Session(Session):
    """Keeps the messages instead of sending them."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.shown: deque[Message] = deque()
        self.replies: deque[Message] = deque()

    def send(
        self,
        stream: object,
        msg_or_type: Message | str,
        content: Message | None = None,
        parent: Message | None = None,
        ident: object = None,
        buffers: list[bytes | memoryview[bytes]] | None = None,
        track: bool = False,
        header: Message | None = None,
        metadata: Message | None = None,
    ) -> Message:
        """Keep a message as it would arrive at the other end of a socket."""
        made = msg_or_type
        if not isinstance(made, dict):
            made = self.msg(made, content=content, parent=parent, header=header, metadata=metadata)
        arrived: Message = {**made, "content": self.unpack(self.pack(made["content"]))}
        arrived["buffers"] = buffers or made.get("buffers", [])
        (self.replies if arrived["msg_type"] == "execute_reply" else self.shown).append(arrived)
        return arrived


class _Stream(TextIOBase):
    """Standard output or error of the cells: what Python writes, and what others write to the descriptor."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, session: _Session, name: str, descriptor: int, file: int) -> None:
        self.session = session
        self.name = name
        self.descriptor = descriptor  # the number by which programs know the stream: 1 or 2
        self.file = file
        self.parent: Message = {}
        self.written: list[str] = []
        self.length = 0
        self.taken = 0

    def fileno(self) -> int:
        return self.descriptor

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._take()
        self._add(text)
        return len(text)

    def flush(self) -> None:
        self._take()
        text = "".join(self.written)
        self.written.clear()
        if text:
            self.session.send(None, "stream", {"name": self.name, "text": text}, parent=self.parent)

    def _take(self) -> None:
        """Take in what was written by others than Python: programs, code in C."""
        size = os.fstat(self.file).st_size
        if size > self.taken:
            text = os.pread(self.file, size - self.taken, self.taken)
            self.taken = size
            self._add(text.decode(errors="replace"))

    def _add(self, text: str) -> None:
        self.length += len(text)
        if self.length > MOST_OUTPUT_BYTES:
            raise TooMuchOutput
        self.written.append(text)


class _Kernel(IPythonKernel):
    """An ipykernel that is asked directly."""

    _execute_sleep = 0.0  # for messages that are on their way, of which there are none
    shell_channel_thread = SimpleNamespace(parent_thread=None)  # nothing else can interrupt a cell

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Do nothing: nothing is queued."""


class KernelHere:
    """A kernel that runs a cell at once, in the shape that nbclient expects of a kernel's client."""

    allow_stdin = False

    def __init__(self, kernel: _Kernel, session: _Session, streams: tuple[_Stream, _Stream]) -> None:
        self.kernel = kernel
        self.session = session
        self.streams = streams
        self.shell_channel = SimpleNamespace(get_msg=lambda timeout: _first(session.replies))
        self.iopub_channel = SimpleNamespace(get_msg=lambda timeout: _first(session.shown))

    def is_alive(self) -> bool:
        """Say that it is: it lives as long as this process."""
        return True

    async def execute(self, code: str, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Run a cell; give the number of the request that its messages answer."""
        request = self.session.msg(
            "execute_request",
            {"code": code, "store_history": store_history, "stop_on_error": stop_on_error},
        )
        with self._captured(request):
            self.kernel.set_parent([], request)  # type: ignore[no-untyped-call]
            await self.kernel.execute_request(None, [], request)  # type: ignore[no-untyped-call]
        self.session.send(None, "status", {"execution_state": "idle"}, parent=request)
        return str(request["header"]["msg_id"])

    @contextmanager
    def _captured(self, request: Message) -> Iterator[None]:
        """Let what the cell writes come to its streams, and nothing else."""
        before = sys.stdout, sys.stderr
        kept = [os.dup(stream.descriptor) for stream in self.streams]
        for stream in self.streams:
            stream.parent = request
            os.dup2(stream.file, stream.descriptor)
        sys.stdout, sys.stderr = self.streams
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before
            for stream, descriptor in zip(self.streams, kept, strict=True):
                os.dup2(descriptor, stream.descriptor)
                os.close(descriptor)


def _first(messages: deque[Message]) -> Message:
    if not messages:
        raise Empty
    return messages.popleft()


@contextmanager
def kernel_here(folder: Path) -> Iterator[KernelHere]:
    """Make this process a kernel for a while."""
    session = _Session()
    main = sys.modules["__main__"]
    with (folder / STDOUT).open("a+b") as out, (folder / STDERR).open("a+b") as error:
        kernel = _Kernel.instance(
            session=session,
            log=logging.getLogger(__name__),
            profile_dir=ProfileDir.create_profile_dir(str(folder / "profile")),  # type: ignore[no-untyped-call]
            config=Config({"HistoryManager": {"enabled": False}}),
        )
        streams = (
            _Stream(session, "stdout", 1, out.fileno()),
            _Stream(session, "stderr", 2, error.fileno()),
        )
        InteractiveShellApp.init_path(SimpleNamespace(ignore_cwd=False))  # type: ignore[arg-type, no-untyped-call]
        try:
            yield KernelHere(kernel, session, streams)
        finally:
            kernel.shell_class.clear_instance()
            _Kernel.clear_instance()
            sys.modules["__main__"] = main
