"""What the image worker takes from itself before it touches a byte that a stranger sent.

Limits hold everywhere. The rest is done where the system permits: `lock` says what was, and the log shows it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

# Enough for 50 million pixels in four bytes each, twice, and the interpreter.
MEMORY_BYTES = 1536 << 20
CPU_S = 25
# The socket, two null devices, one original, and what Python needs for a moment.
_OPEN_FILES = 32

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_NOBODY = 65534
# The same numbers on every architecture.
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_VERSION = 1
_CAPABILITY_VERSION = 0x20080522
# Each Landlock version knows more: what it calls access to files, and to TCP ports.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK_RIGHTS_SINCE, _NETWORK_RIGHTS = 4, 0b11


def limit() -> None:
    """Before any library is loaded that a photo will meet."""
    os.umask(0o077)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    renew_cpu()
    # Stopping is the parent's business: it closes the socket, or is gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def lock(parent: int, *, threads: bool = False) -> list[str]:
    """When all libraries are loaded, and before the first photo: no network, no rights, no file. Returns what worked.

    Not earlier: the libraries may lie where only root can read. The decoder of HEIC needs `threads`, and Linux counts
    them as processes.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    # A network of its own, with nothing in it: by root's right, or else in a user space of its own.
    alone = libc.unshare(_CLONE_NEWNET) == 0
    done = ["not_root"] if _become_nobody() else []
    if alone or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        done.append("no_network")
    if not threads:
        _limit(resource.RLIMIT_NPROC, 0)
    # After the change of user, which forgets it.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done += ["no_files"] if _deny_files(libc) else []
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    done += ["no_capabilities"] if libc.capset(header, (ctypes.c_uint32 * 6)()) == 0 else []
    return done


def renew_cpu() -> None:
    """The same time for every image, however many came before."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_S, soft_only=True)


def _limit(what: int, value: int, *, soft_only: bool = False) -> None:
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(what, (value, hard if soft_only else value))
    except (ValueError, OSError):
        # macOS does not know all of them. Linux does, and without them no photo is opened.
        if sys.platform == "linux":
            raise


def _become_nobody() -> bool:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:
        return False
    return os.geteuid() != 0


def _deny_files(libc: ctypes.CDLL) -> bool:
    """Landlock with no exception: what is open stays open, nothing else can be opened or made."""
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    rights = [(1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1]
    if version >= _NETWORK_RIGHTS_SINCE:
        rights.append(_NETWORK_RIGHTS)
    attributes = (ctypes.c_uint64 * len(rights))(*rights)
    ruleset = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.sizeof(attributes), 0)
    if ruleset < 0:
        return False
    restricted: int = libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)
    return restricted == 0
