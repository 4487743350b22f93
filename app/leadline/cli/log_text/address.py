"""Addresses that a log pointer must never lead to: there machines keep the keys to their cloud."""

import ipaddress

from leadline.core.errors import UsageError

_METADATA = (ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200"))
"""Of AWS over IPv6 and of Alibaba, which are not link-local as the others are."""


def check(address: str) -> None:
    """Raises UsageError for link-local addresses (169.254.0.0/16, fe80::/10) and those of metadata services.

    `address` may be a name, which says nothing until it is resolved: whoever connects asks again with the peer's address.
    """
    try:
        ip = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    ip = mapped or ip
    if ip.is_link_local or ip in _METADATA:
        raise UsageError(f"{address} is an address of the machine's own network, where no logs are but keys may be; not read")
