"""This machine's addresses and names, as phones on its network know them.

From the C library's getifaddrs(3), which Linux, macOS and the BSDs share: `ip` is not always installed, /proc has no
plain list of IPv4 addresses, and asking the resolver for our own name often gives 127.0.1.1 only.
"""

from __future__ import annotations

import ctypes
import re
import socket
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

_IFF_UP = 0x1
# Where the address begins in sockaddr_in and sockaddr_in6.
_OFFSETS = {socket.AF_INET: (4, 4), socket.AF_INET6: (8, 16)}
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class _IfAddrs(ctypes.Structure):
    """The head of `struct ifaddrs`; what follows differs between systems and is not needed."""


_IfAddrs._fields_ = [
    ("next", ctypes.POINTER(_IfAddrs)),
    ("name", ctypes.c_char_p),
    ("flags", ctypes.c_uint),
    ("address", ctypes.c_void_p),
]


def own_addresses() -> list[Address]:
    """Every address of every interface that is up, loopback included, IPv4 first. Loopback alone when none is told."""
    return sorted({*LOOPBACK, *_listed()}, key=lambda address: (address.version, int(address)))


def _listed() -> Iterator[Address]:
    library = ctypes.CDLL(None)
    first = ctypes.POINTER(_IfAddrs)()
    if library.getifaddrs(ctypes.byref(first)) != 0:
        return
    try:
        entry = first
        while entry:
            found = _address(entry.contents)
            if found is not None and not (found.is_unspecified or found.is_multicast):
                yield found
            entry = entry.contents.next
    finally:
        library.freeifaddrs(first)


def _address(entry: _IfAddrs) -> Address | None:
    if not entry.address or not entry.flags & _IFF_UP:
        return None
    # Two bytes of family on Linux; one of length and one of family on macOS and the BSDs.
    head = ctypes.string_at(entry.address, 2)
    family = int.from_bytes(head, sys.byteorder) if sys.platform == "linux" else head[1]
    if family not in _OFFSETS:
        return None
    offset, length = _OFFSETS[socket.AddressFamily(family)]
    return ip_address(ctypes.string_at(entry.address + offset, length))


def outward_address() -> Address:
    """The address towards the network. Connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            # A plant's network often leads nowhere else, and then there is no route to ask for.
            return next(iter(reachable(own_addresses())), LOOPBACK[0])
        return ip_address(probe.getsockname()[0])


def reachable(addresses: list[Address]) -> list[Address]:
    """Those that another machine can put into a browser's address bar: link-local ones would need an interface."""
    return [address for address in addresses if not (address.is_loopback or address.is_link_local)]


def own_names() -> list[str]:
    """localhost, and this machine's name as the network and as mDNS know it."""
    host = socket.gethostname().lower().rstrip(".")
    if not is_name(host) or host == "localhost":
        return ["localhost"]
    return list(dict.fromkeys(["localhost", host, f"{host.split('.')[0]}.local"]))


def is_name(text: str) -> bool:
    """Whether this can be a host's name in a certificate: letters, digits and hyphens, in labels."""
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in text.split("."))


def in_url(host: str) -> str:
    """IPv6 addresses stand in brackets there."""
    return f"[{host}]" if ":" in host else host
