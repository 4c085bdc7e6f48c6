"""What is sent to a listener is known to have arrived, at once and without waiting."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from assistant.prove.listeners import Listeners

TOKENS = [f"prv{number:024x}" for number in range(20)]


@pytest.fixture
def listeners(tmp_path: Path) -> object:
    with Listeners(tmp_path) as opened:
        yield opened


def test_nothing_has_arrived_before_something_is_sent(listeners: Listeners) -> None:
    assert listeners.arrived() == frozenset()


@pytest.mark.parametrize("name", ["tcp4", "tcp6", "unix", "abstract"])
def test_a_stream_arrives_even_if_the_sender_is_gone(listeners: Listeners, name: str) -> None:
    address = listeners.addresses[name]
    families = {"tcp4": socket.AF_INET, "tcp6": socket.AF_INET6}
    for token in TOKENS:
        with socket.socket(families.get(name, socket.AF_UNIX), socket.SOCK_STREAM) as channel:
            channel.connect("\0" + address if name == "abstract" else address)
            channel.sendall(token.encode() + b"\n")
    assert listeners.arrived() == frozenset(TOKENS)


@pytest.mark.parametrize("name", ["udp4", "udp6", "unix_datagram"])
def test_a_datagram_arrives(listeners: Listeners, name: str) -> None:
    family = {"udp4": socket.AF_INET, "udp6": socket.AF_INET6}.get(name, socket.AF_UNIX)
    with socket.socket(family, socket.SOCK_DGRAM) as channel:
        for token in TOKENS:
            channel.sendto(b"before " + token.encode() + b" after", listeners.addresses[name])
    assert listeners.arrived() == frozenset(TOKENS)


def test_a_token_in_two_pieces_is_put_together(listeners: Listeners) -> None:
    with socket.create_connection(listeners.addresses["tcp4"]) as channel:
        channel.sendall(TOKENS[1][:10].encode())
        assert listeners.arrived() == frozenset()
        channel.sendall(TOKENS[1][10:].encode())
        assert listeners.arrived() == {TOKENS[1]}


def test_noise_is_no_token(listeners: Listeners) -> None:
    with socket.create_connection(listeners.addresses["tcp4"]) as channel:
        channel.sendall(b"GET /prv HTTP/1.0\r\n\r\n" + bytes(range(256)))
    assert listeners.arrived() == frozenset()


def test_all_addresses_stay_on_this_machine(listeners: Listeners) -> None:
    for name, address in listeners.addresses.items():
        if not name.startswith(("unix", "abstract")):
            assert address[0] in ("127.0.0.1", "::1")
