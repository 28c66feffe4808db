"""Forked: an ipykernel in a process that is forked from this one before anything is open in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import traceback
from typing import Any, NoReturn

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbformat import NotebookNode
from traitlets import Any as AnyTrait

from crmreport.kernels.client import Client

PROVISIONER = "crmreport-forked"  # in the entry points of the package


class ForkedClient(Client):
    """Runs a notebook's cells in a kernel forked from this process."""

    def execute(self, **options: Any) -> NotebookNode:  # noqa: ANN401
        """Run all cells, or those before the first that fails."""
        self.shutdown_kernel = "immediate"
        self.waiting = WaitingKernel()
        return super().execute(**options)

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Give the manager the kernel that waits."""
        manager: AsyncKernelManager = super().create_kernel_manager()
        assert manager.kernel_spec is not None  # of a name that papermill has looked up
        manager.kernel_spec.metadata["kernel_provisioner"] = {
            "provisioner_name": PROVISIONER,
            "config": {"waiting": self.waiting},
        }
        return manager


class WaitingKernel:
    """A process that becomes a kernel when it is told how; as `subprocess.Popen`, as far as Jupyter asks.

    Forked before the client has an event loop or sockets, which the kernel would share with it.
    """

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        self.returncode: int | None = None
        self.told, tell = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.told.close()
            _become_kernel(tell)
        tell.close()

    def begin(self, argv: list[str], cwd: str, env: dict[str, str]) -> None:
        """Tell it to be a kernel."""
        self.told.sendall(json.dumps({"argv": argv, "cwd": cwd, "env": env}).encode())
        self.told.close()

    def poll(self) -> int | None:
        """Give its exit code as `subprocess` does; None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for its end."""
        return self._wait(0)

    def send_signal(self, signum: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _wait(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class ForkedProvisioner(LocalProvisioner):
    """Gives Jupyter the waiting process where it would start one."""

    waiting = AnyTrait()

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:  # noqa: ANN401
        """Let the waiting process be the kernel."""
        # Else the kernel would end when the process of that number does, which is not its parent.
        env = {**options.get("env", os.environ), "JPY_PARENT_PID": ""}
        self.waiting.begin(cmd[cmd.index("-f") :], str(options.get("cwd") or os.getcwd()), env)  # noqa: PTH109
        self.process, self.pid = self.waiting, self.waiting.pid
        return self.connection_info


def _become_kernel(told: socket.socket) -> NoReturn:
    """Wait to be told, and be a kernel until its end."""
    code = 1
    try:
        with told, told.makefile("rb") as stream:
            text = stream.read()
        if not text:
            os._exit(0)
        order = json.loads(text)
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["cwd"])
        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance()
        app.initialize(order["argv"])  # type: ignore[no-untyped-call]
        app.start()  # type: ignore[no-untyped-call]
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
