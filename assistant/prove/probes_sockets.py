"""Probes that ask for a socket: every family and protocol, by Python."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import partial

from assistant.prove.probe import Absent, Arena, Probe

TIMEOUT = 5.0
MPTCP = 262
SCTP = 132
UDPLITE = 136
FASTOPEN = 0x20000000
AF_VSOCK, AF_ALG, AF_XDP, AF_TIPC, AF_KCM = 40, 38, 44, 30, 41
AF_RDS, AF_SMC, AF_QIPCRTR = 21, 43, 42


def stream() -> socket.socket:
    """Return a TCP socket over IPv4. Raises `OSError`."""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def deliver(channel: socket.socket, arena: Arena, listener: str) -> None:
    """Send the token over a socket to a listener, connecting first."""
    with channel:
        channel.settimeout(TIMEOUT)
        channel.connect(arena.address(listener))
        channel.sendall(arena.message)


_way_out = partial(Probe, "sockets", "arrival")
_claim = partial(Probe, "sockets", "claim")


def _stream(identity: str, what: str, family: int, protocol: int, listener: str) -> Probe:
    def attempt(arena: Arena) -> None:
        deliver(socket.socket(family, socket.SOCK_STREAM, protocol), arena, listener)

    return _way_out(identity, what, attempt)


def _datagram(identity: str, what: str, family: int, protocol: int, listener: str) -> Probe:
    def attempt(arena: Arena) -> None:
        with socket.socket(family, socket.SOCK_DGRAM, protocol) as channel:
            channel.sendto(arena.message, arena.address(listener))

    return _way_out(identity, what, attempt)


def _tcp_fast_open(arena: Arena) -> None:
    with stream() as channel:
        channel.sendto(arena.message, FASTOPEN, arena.address("tcp4"))


def _udp_sendmsg(arena: Arena) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendmsg([arena.message], [], 0, arena.address("udp4"))


def _tcp_listen(_arena: Arena) -> None:
    with stream() as channel:
        channel.bind(("127.0.0.1", 0))
        channel.listen(1)


def _by_pair(use: Callable[[socket.socket, Arena], object], arena: Arena) -> None:
    ours, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, other:
        use(ours, arena)


def _raw_udp(arena: Arena) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as channel:
        body = arena.message
        fields = (40000, arena.port("udp4"), 8 + len(body), 0)
        header = b"".join(value.to_bytes(2, "big") for value in fields)
        channel.sendto(header + body, ("127.0.0.1", 0))


def _ping_socket(arena: Arena) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as channel:
        echo = b"\x08\x00" + b"\0" * 6 + arena.message
        channel.sendto(echo, ("127.0.0.1", 0))


def _family(identity: str, what: str, family: int, kind: int, protocol: int = 0) -> Probe:
    """Return a probe for a family whose packets no listener of ours could receive."""

    def attempt(_arena: Arena) -> None:
        socket.socket(family, kind, protocol).close()

    return _claim(identity, what, attempt, privileged=True)


def _all_families(_arena: Arena) -> None:
    """Succeeds if any family gives a socket."""
    given = []
    refusal = OSError()
    for family in range(256):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                descriptor = socket.socket(family, kind).detach()
            except OSError as error:
                refusal = error
            else:
                os.close(descriptor)
                given.append(family)
    if not given:
        raise refusal


def _tipc_pair(_arena: Arena) -> None:
    if not hasattr(socket, "AF_TIPC"):
        raise Absent("this Python does not know TIPC")
    for end in socket.socketpair(AF_TIPC, socket.SOCK_SEQPACKET):
        end.close()


SOCKETS = (
    _stream("tcp4", "TCP over IPv4 to 127.0.0.1", socket.AF_INET, 0, "tcp4"),
    _stream("tcp6", "TCP over IPv6 to ::1", socket.AF_INET6, 0, "tcp6"),
    _stream("mptcp4", "Multipath TCP over IPv4", socket.AF_INET, MPTCP, "tcp4"),
    _stream("mptcp6", "Multipath TCP over IPv6", socket.AF_INET6, MPTCP, "tcp6"),
    _stream("sctp", "SCTP", socket.AF_INET, SCTP, "tcp4"),
    _datagram("udp4", "UDP over IPv4, sendto without connect", socket.AF_INET, 0, "udp4"),
    _datagram("udp6", "UDP over IPv6, sendto without connect", socket.AF_INET6, 0, "udp6"),
    _stream("unix-stream", "UNIX stream socket by path", socket.AF_UNIX, 0, "unix"),
    _stream("unix-abstract", "UNIX stream socket, abstract name", socket.AF_UNIX, 0, "abstract"),
    _datagram("unix-datagram", "UNIX datagram socket by path", socket.AF_UNIX, 0, "unix_datagram"),
    _way_out("tcp-fast-open", "TCP Fast Open: data in sendto, no connect call", _tcp_fast_open),
    _way_out("udp-connected", "UDP, connected first, then send",
             lambda a: deliver(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), a, "udp4")),
    _way_out("udp-sendmsg", "UDP by sendmsg with the address in the message header", _udp_sendmsg),
    _claim("tcp-listen", "A listening TCP socket: wait for somebody to call", _tcp_listen),
    _way_out("unix-pair-sendto", "A UNIX datagram pair, one end sends to a foreign name",
             partial(_by_pair, lambda s, a: s.sendto(a.message, a.address("unix_datagram")))),
    _way_out("unix-pair-connect", "A UNIX datagram pair, one end is connected to a foreign name",
             partial(_by_pair, lambda s, a: deliver(s, a, "unix_datagram"))),
    _way_out("unix-pair-sendmsg", "A UNIX datagram pair, sendmsg carries a foreign name",
             partial(_by_pair,
                     lambda s, a: s.sendmsg([a.message], [], 0, a.address("unix_datagram")))),
    _way_out("raw-udp", "Raw IPv4 socket: a UDP packet made by hand", _raw_udp, privileged=True),
    _claim("ping-socket", "Unprivileged ICMP socket (ping)", _ping_socket, privileged=True),
    _family("udplite", "UDP-Lite", socket.AF_INET, socket.SOCK_DGRAM, UDPLITE),
    _family("raw-icmp", "Raw IPv4 socket: ICMP", socket.AF_INET, socket.SOCK_RAW, 1),
    _family("raw6", "Raw IPv6 socket: ICMPv6", socket.AF_INET6, socket.SOCK_RAW, 58),
    _family("netlink-route", "Netlink: the kernel's routing tables", 16, socket.SOCK_RAW, 0),
    _family("netlink-uevent", "Netlink: kernel events", 16, socket.SOCK_DGRAM, 15),
    _family("netlink-generic", "Netlink: generic", 16, socket.SOCK_RAW, 16),
    _family("packet", "Packet socket: whole frames", 17, socket.SOCK_RAW, 0x0300),
    _family("packet-datagram", "Packet socket: datagrams", 17, socket.SOCK_DGRAM, 0x0300),
    _family("vsock", "VM socket: to the host of a virtual machine", AF_VSOCK, socket.SOCK_STREAM),
    _family("bluetooth", "Bluetooth", 31, socket.SOCK_RAW, 1),
    _family("can", "CAN bus", 29, socket.SOCK_RAW, 1),
    _family("alg", "Kernel crypto socket", AF_ALG, socket.SOCK_SEQPACKET),
    _family("xdp", "XDP socket: frames past the network stack", AF_XDP, socket.SOCK_RAW),
    _family("tipc", "TIPC", AF_TIPC, socket.SOCK_RDM),
    _family("kcm", "Kernel connection multiplexer", AF_KCM, socket.SOCK_DGRAM),
    _family("rds", "RDS", AF_RDS, socket.SOCK_SEQPACKET),
    _family("smc", "SMC", AF_SMC, socket.SOCK_STREAM),
    _family("qrtr", "Qualcomm router", AF_QIPCRTR, socket.SOCK_DGRAM),
    _family("phonet", "Phonet (modems)", 35, socket.SOCK_DGRAM),
    _claim("all-families", "Every family number from 0 to 255, three types each", _all_families),
    _claim("tipc-pair", "socketpair of another family than UNIX (TIPC)", _tipc_pair),
)  # fmt: skip
