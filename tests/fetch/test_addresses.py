"""Which addresses count as public, and how a host's are found."""

from __future__ import annotations

import random
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from tests.fetch.servers import resolving_to
from worker.errors import FetchFailed, UrlNotAllowed
from worker.fetch.addresses import NOT_PUBLIC, checked_addresses, is_public, system_resolver

SEED = 20_261_120


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "52.216.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
        "2600:1f18::1",
    ],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_nothing_that_python_calls_private_is_public() -> None:
    chance = random.Random(SEED)
    v4 = (IPv4Address(chance.getrandbits(32)) for _ in range(10_000))
    v6 = (IPv6Address(chance.getrandbits(128)) for _ in range(5_000))
    narrow = (IPv6Address(0x2001 << 112 | chance.getrandbits(100)) for _ in range(5_000))
    for address in (*v4, *v6, *narrow):
        if is_public(address):
            assert address.is_global
            assert not any((address.is_multicast, address.is_reserved, address.is_private)), address


def test_both_ends_of_every_special_block_are_not_public() -> None:
    for block in NOT_PUBLIC:
        assert not is_public(block[0])
        assert not is_public(block[-1])


def test_an_address_with_a_zone_is_not_public() -> None:
    assert not is_public(IPv6Address("2606:4700:4700::1111%eth0"))


@pytest.mark.parametrize("answers", [[], ["not an address"], ["1.2.3"], [""]])
def test_a_name_without_a_proper_address_is_not_found(answers: list[str]) -> None:
    with pytest.raises(FetchFailed, match="not found"):
        checked_addresses("voice.test", 443, resolver=resolving_to(*answers), rule=is_public, within_sec=1.0)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "canary"), UnicodeError("canary"), OSError("canary")])
def test_a_look_up_that_fails_is_a_host_not_found(error: Exception) -> None:
    def failing(_host: str, _port: int) -> list[str]:
        raise error

    with pytest.raises(FetchFailed) as raised:
        checked_addresses("voice.test", 443, resolver=failing, rule=is_public, within_sec=1.0)
    assert "canary" not in str(raised.value)


def test_an_address_in_the_url_is_not_looked_up() -> None:
    def forbidden(_host: str, _port: int) -> list[str]:
        raise AssertionError

    found = checked_addresses("1.1.1.1", 443, resolver=forbidden, rule=is_public, within_sec=1.0)
    assert found == (IPv4Address("1.1.1.1"),)


def test_every_address_of_a_name_must_be_allowed() -> None:
    with pytest.raises(UrlNotAllowed):
        checked_addresses(
            "voice.test", 443, resolver=resolving_to("1.1.1.1", "10.0.0.1"), rule=is_public, within_sec=1.0
        )


def test_the_system_knows_loopback() -> None:
    assert "127.0.0.1" in system_resolver("127.0.0.1", 80)
