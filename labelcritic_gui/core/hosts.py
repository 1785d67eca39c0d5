"""Which machine an address names, and whether that is this one: strict, as pictures of patients depend on it.

Layer: core.
"""

import ipaddress
from urllib.parse import urlsplit

LOCAL_NAME = "localhost"


def host_of(address: str) -> str:
    """Return the host that an http address names, in small letters; empty for anything that is no such address."""
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} and "@" not in parts.netloc else ""


def is_this_machine(host: str) -> bool:
    """Say whether a host is this machine: localhost, 127.0.0.0/8 or ::1, written out; any other spelling is not."""
    if host == LOCAL_NAME:
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        return found == ipaddress.IPv6Address(1)
    return found in ipaddress.IPv4Network("127.0.0.0/8")
