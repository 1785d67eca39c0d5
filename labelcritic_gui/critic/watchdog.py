"""Keeps a server from outliving us: runs it, and kills all that belongs to it when whoever holds it is gone.

It is started by its path, as `python -I -S watchdog.py GRACE GUARDS COMMAND...`, in a session of its own, and imports
the standard library only. Its standard input is a pipe from its holder: when that closes, in whatever way the holder
ended, or says anything, the server's process group gets SIGTERM, and what is left of it after GRACE seconds SIGKILL.

With GUARDS above 0 it does not run the server itself, but another watchdog that does, so that either may be killed:
the one outside finds what the one inside leaves behind (on Linux orphans come to it, even those in another session),
the one inside sees its pipe close. Should both be killed at once, the kernel ends the server (PR_SET_PDEATHSIG).

What it says on standard output: `started PID` and `ended CODE`, a line each. Its standard error is the server's log.
Layer: critic.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LOOK_S = 5.0
"""How often it looks around without being woken."""
LAST_S = 10.0
"""How long it waits for killed processes to go."""
MARGIN_S = 3.0
"""How much longer the watchdog outside waits for the one inside than that one waits for the server."""
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Watchdog:
    """One of the two; `guards` says how many are inside it."""

    def __init__(self, grace: float, guards: int, command: list[str]) -> None:
        self.grace = grace
        self.guards = guards
        self.code: int | None = None
        self._asked = False
        self._awake, self._wake = os.pipe()
        os.set_blocking(self._awake, False)
        os.set_blocking(self._wake, False)
        self._listen()
        _adopt_orphans()
        self.child = self._start(command)

    def run(self) -> int:
        """Watch until the server has ended, by itself or as asked; return its exit code (negative: a signal)."""
        watched = [0, self._awake]
        while self.code is None and not self._asked:
            ready, _, _ = select.select(watched, [], [], LOOK_S)
            self._drain()
            self._reap()
            if 0 in ready:  # the end of the pipe, or a word
                self._asked = True
        if self.code is None:
            self._end_gently()
        self._kill_all()
        return 0 if self.code is None else self.code

    def _listen(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        for unheard in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(unheard, lambda *_: None)  # SIG_IGN would be handed down to the server
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def _stop(self, *_: object) -> None:
        self._asked = True

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        if self.guards:
            me = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(self.grace), str(self.guards - 1)]
            return subprocess.Popen([*me, *command], stdin=subprocess.PIPE, start_new_session=True)
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            stderr=2,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),
        )
        _say(f"started {child.pid}")
        return child

    def _end_gently(self) -> None:
        if self.guards:
            assert self.child.stdin is not None
            self.child.stdin.close()
            until = time.monotonic() + self.grace + MARGIN_S
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child.pid, signal.SIGTERM)
            until = time.monotonic() + self.grace
        while time.monotonic() < until and (self.code is None or self._belongs()):
            select.select([self._awake], [], [], min(LOOK_S, 0.05))
            self._drain()
            self._reap()

    def _kill_all(self) -> None:
        """Kill until nothing is left that belongs to the server."""
        until = time.monotonic() + LAST_S
        while time.monotonic() < until:
            self._reap()
            left = self._belongs()
            if not left and (self.code is not None or not _is_alive(self.child.pid)):
                return
            if not self.guards:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.child.pid, signal.SIGKILL)
            for pid in {*left, self.child.pid}:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def _belongs(self) -> list[int]:
        """Return the living processes below this one; without /proc, those of the server's group are known by ps."""
        below = _below(os.getpid())
        if below is not None:
            return below
        return _of_group(self.child.pid)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._awake, 4096):
                pass

    def _reap(self) -> None:
        """Collect what has ended: the server, and orphans that came here."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                if self.code is None:
                    self.code = 0
                return
            if not pid:
                return
            if pid == self.child.pid:
                self.code = self.child.returncode = os.waitstatus_to_exitcode(status)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody may be left to hear it
        os.write(1, f"{line}\n".encode())


def _adopt_orphans() -> None:
    """On Linux let every descendant whose parent ends become our child, in whatever session it is."""
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None

    def prepare() -> None:
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it ended in between
            os._exit(1)

    return prepare


def _prctl(option: int, value: int) -> None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _below(root: int) -> list[int] | None:
    """Return every living process below one, from /proc; None where there is no such thing."""
    parents: dict[int, int] = {}
    try:
        names = [folder.name for folder in Path("/proc").iterdir()]
    except OSError:
        return None
    for name in names:
        if not name.isdigit():
            continue
        try:
            state, parent = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()[:2]
        except OSError:  # it has ended
            continue
        if state not in b"ZX":
            parents[int(name)] = int(parent)
    if not parents:
        return None
    found: list[int] = []
    front = {root}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front}
        found += front
    return found


def _of_group(group: int) -> list[int]:
    try:
        listed = subprocess.run(["ps", "-axo", "pid=,pgid="], capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    rows = [line.split() for line in listed.splitlines()]
    return [int(row[0]) for row in rows if len(row) == 2 and row[1] == str(group)]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(arguments: list[str]) -> int:
    """Run as the module's text says."""
    grace, guards, command = float(arguments[0]), int(arguments[1]), arguments[2:]
    try:
        code = Watchdog(grace, guards, command).run()
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        code = 127
    if not guards:
        _say(f"ended {code}")
    return code if 0 <= code < 256 else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
