"""Addresses: where a URL's host is, and whether that is a place for this worker to go."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread

from worker.errors import FetchFailed, UrlNotAllowed

Address = IPv4Address | IPv6Address
AddressRule = Callable[[Address], bool]
"""Whether the worker may connect to an address."""
Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a host, as text, for a TCP port; raises OSError where there are none."""

NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared behind carriers' NAT; metadata of Alibaba Cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, under an address that looks public
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; metadata of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address of any kind inside
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # 6bone, returned
        "3fff::/20",  # documentation
    )
)
"""IANA's special-purpose registries, https://www.iana.org/assignments/iana-ipv4-special-registry and
iana-ipv6-special-registry, and what clouds put elsewhere. Written out because what the flags of `ipaddress`
cover changes with Python's patch version."""
GLOBAL_UNICAST = ip_network("2000::/3")
"""All IPv6 that IANA hands out; outside it lie loopback, mapped, NAT64, local and multicast addresses."""
ISATAP_MARKS = (0x0000_5EFE, 0x0200_5EFE)
"""Third quarter of an IPv6 address whose last quarter is an IPv4 address (RFC 5214, section 6.1)."""


def is_public(address: Address) -> bool:
    """Whether the address is unicast on the public Internet and leads nowhere else."""
    if isinstance(address, IPv6Address):
        if address not in GLOBAL_UNICAST or address.scope_id is not None:
            return False
        if (int(address) >> 32) & 0xFFFF_FFFF in ISATAP_MARKS:
            return False
    return not any(address in block for block in NOT_PUBLIC)


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses the operating system knows, its favourite first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def checked_addresses(
    host: str, port: int, *, resolver: Resolver, rule: AddressRule, within_sec: float
) -> tuple[Address, ...]:
    """The host's addresses, asked for once and all allowed: one that is not makes the host suspect.

    Raises:
        UrlNotAllowed: an address is not allowed.
        FetchFailed: there is none.
        TimeoutError: none was found in time.
    """
    try:
        addresses = tuple(ip_address(text) for text in _looked_up(host, port, resolver, within_sec))
    except TimeoutError:
        raise
    except (OSError, ValueError) as error:
        raise FetchFailed("the URL's host was not found") from error
    if not addresses:
        raise FetchFailed("the URL's host was not found")
    if not all(rule(address) for address in addresses):
        raise UrlNotAllowed("the URL's host is not on the public Internet")
    return addresses


def _looked_up(host: str, port: int, resolver: Resolver, within_sec: float) -> Sequence[str]:
    if _is_address(host):
        return [host]
    answer: Future[Sequence[str]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(resolver(host, port))
        except (OSError, ValueError) as error:
            answer.set_exception(error)

    # The system's look-up has no time-out of its own to set; a thread that is late ends by itself.
    Thread(target=look_up, name="look-up", daemon=True).start()
    return answer.result(within_sec)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
