"""Probes by the libraries that a program like this one would use to call out."""

from __future__ import annotations

import ctypes
import encodings.idna  # noqa: F401 - host names need it; to be there before the user changes
import importlib
import importlib.util
import logging.handlers
import os
import socket
import sqlite3
import ssl
import struct
from collections.abc import Callable, Sequence
from functools import partial
from http.client import HTTPConnection
from multiprocessing.connection import Client, Listener
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from assistant.prove import native_calls
from assistant.prove.probe import Absent, Arena, Probe, Refused


def _http_client(arena: Arena) -> None:
    connection = HTTPConnection("127.0.0.1", arena.port("tcp4"), timeout=5)
    connection.request("GET", f"/{arena.token}")
    connection.getresponse().read()


def _urllib_request(arena: Arena) -> None:
    address = f"http://127.0.0.1:{arena.port('tcp4')}/{arena.token}"
    build_opener(ProxyHandler({})).open(address, timeout=5).read()


def _tls(arena: Arena) -> None:
    context = ssl.create_default_context()
    with socket.create_connection(("127.0.0.1", arena.port("tcp4")), 5) as plain:
        try:
            context.wrap_socket(plain, server_hostname=f"{arena.token}.invalid")
        except (ssl.SSLError, ConnectionError):
            return  # the greeting with the name in it is out; our listener speaks no TLS


def _create_connection(arena: Arena) -> None:
    with socket.create_connection(("127.0.0.1", arena.port("tcp4")), 5) as channel:
        channel.sendall(arena.message)


def _dns(arena: Arena) -> None:
    """`struct __res_state` of glibc's resolv.h; the only server is our UDP listener."""
    library = ctypes.CDLL("libresolv.so.2", use_errno=True)
    initialise = _function(library, "__res_ninit")
    query = _function(library, "res_nquery", "__res_nquery")
    state = ctypes.create_string_buffer(1024)
    if initialise(state) != 0:
        raise OSError("the resolver can't be set up")
    struct.pack_into("=iiLi", state, 0, 2, 1, struct.unpack_from("=L", state, 8)[0], 1)
    server = socket.AF_INET.to_bytes(2, "little") + arena.port("udp4").to_bytes(2, "big")
    struct.pack_into("=16s", state, 20, server + bytes((127, 0, 0, 1)) + b"\0" * 8)
    answer = ctypes.create_string_buffer(512)
    ctypes.set_errno(0)
    if query(state, f"{arena.token}.invalid".encode(), 1, 1, answer, 512) < 0:
        code = ctypes.get_errno()
        if code:
            raise OSError(code, os.strerror(code))


def _function(library: ctypes.CDLL, *names: str) -> Any:
    for name in names:
        found = getattr(library, name, None)
        if found is not None:
            return found
    raise Absent(f"this C library has no {names[0]}")


def _multiprocessing_client(arena: Arena) -> None:
    with Client(("127.0.0.1", arena.port("tcp4"))) as channel:
        channel.send_bytes(arena.message)


def _syslog(arena: Arena) -> None:
    handler = _Strict(arena.addresses["unix_datagram"])
    handler.emit(logging.LogRecord("x", logging.INFO, "x", 1, arena.token, None, None))
    handler.close()


class _Strict(logging.handlers.SysLogHandler):
    """A handler that does not swallow what goes wrong."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        raise OSError(f"not sent: {record.name}")


def _sqlite(statements: Callable[[Arena], Sequence[tuple[str, str]]], arena: Arena) -> None:
    """Run statements, each with its one parameter, in a database in memory."""
    connection = sqlite3.connect(":memory:")
    try:
        for statement, parameter in statements(arena):
            connection.execute(statement, (parameter,))
    except sqlite3.OperationalError as error:
        raise Refused(str(error)) from error
    finally:
        connection.close()


def _attached(arena: Arena) -> Sequence[tuple[str, str]]:
    copy = str(arena.outside / "copy.db")
    return ("ATTACH ? AS away", copy), ("CREATE TABLE away.t AS SELECT ? AS v", arena.token)


def _vacuumed(arena: Arena) -> Sequence[tuple[str, str]]:
    copy = str(arena.outside / "copy.db")
    return ("CREATE TABLE t AS SELECT ? AS v", arena.token), ("VACUUM INTO ?", copy)


class _GgufParameters(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))


def _ggml(arena: Arena) -> Any:
    """Load the library of llama.cpp that reads model files, without the Python package."""
    found = importlib.util.find_spec("llama_cpp")
    if found is None or not found.submodule_search_locations:
        raise Absent("llama.cpp is not installed")
    folder = Path(next(iter(found.submodule_search_locations))) / "lib"
    if not (folder / "libggml-base.so").exists():
        raise Absent("this build of llama.cpp has no libggml-base")
    model = arena.outside / "home" / "model.gguf"
    model.write_bytes(b"GGUF" + struct.pack("=IQQ", 3, 0, 0))
    return ctypes.CDLL(str(folder / "libggml-base.so"))


def _llama_reads(arena: Arena, library: Any) -> None:
    library.gguf_init_from_file.restype = ctypes.c_void_p
    path = str(arena.outside / "home" / "model.gguf").encode()
    if not library.gguf_init_from_file(path, _GgufParameters(True, None)):
        raise Refused("llama.cpp could not open it")


def _llama_writes(arena: Arena, library: Any) -> None:
    library.gguf_init_empty.restype = ctypes.c_void_p
    model = ctypes.c_void_p(library.gguf_init_empty())
    library.gguf_set_val_str(model, b"general.name", arena.token.encode())
    library.gguf_write_to_file.restype = ctypes.c_bool
    if not library.gguf_write_to_file(model, str(arena.outside / "out.gguf").encode(), True):
        raise Refused("llama.cpp could not write it")


def _onnx_identity(arena: Arena) -> bytes:
    """Return the smallest ONNX model (onnx.proto3): y = Identity(x), named by the token."""

    def field(number: int, value: bytes) -> bytes:
        return bytes((number << 3 | 2, len(value))) + value

    kind = field(1, b"\x08\x01" + field(2, field(1, b"\x08\x01")))
    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    graph = field(1, node) + field(2, arena.token.encode())
    graph += field(11, field(1, b"x") + field(2, kind)) + field(12, field(1, b"y") + field(2, kind))
    return b"\x08\x08" + field(7, graph) + field(8, b"\x10\x0d")


def _onnx_writes(arena: Arena) -> None:
    """Its import starts threads, so it comes after the lock, as in the program itself."""
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise Absent("onnxruntime is not installed, or this user may not read it") from error
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.optimized_model_filepath = str(arena.outside / "out.onnx")
    try:
        runtime.InferenceSession(_onnx_identity(arena), options, ["CPUExecutionProvider"])
    except Exception as error:
        raise Refused(f"ONNX Runtime: {type(error).__name__}") from error


def _c_stdio(arena: Arena) -> None:
    libc = native_calls.c_library()
    libc.fopen.restype = ctypes.c_void_p
    file = libc.fopen(str(arena.outside / "by-c").encode(), b"w")
    if not file:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    libc.fputs(arena.message, ctypes.c_void_p(file))
    libc.fclose(ctypes.c_void_p(file))


_way_out = partial(Probe, "libraries", "arrival")
_landed, _claim = partial(Probe, "libraries", "landed"), partial(Probe, "libraries", "claim")
LIBRARIES = (
    _way_out("http-client", "http.client", _http_client),
    _way_out("urllib", "urllib.request", _urllib_request),
    _way_out("ssl", "ssl: a TLS handshake; the token is the server's name", _tls),
    _way_out("create-connection", "socket.create_connection, as most clients do",
             _create_connection),
    _way_out("dns", "The C library's resolver: a DNS question with the token as name", _dns),
    _way_out("multiprocessing-client", "multiprocessing.connection: a client over TCP",
             _multiprocessing_client),
    _claim("multiprocessing-listener", "multiprocessing.connection: a listener",
           lambda _: Listener(("127.0.0.1", 0)).close()),
    _claim("manager", "multiprocessing.Manager: a server process",
           lambda _: BaseManager(("127.0.0.1", 0), b"key").get_server()),
    _way_out("syslog", "logging: a syslog handler to a UNIX name", _syslog),
    _landed("sqlite-attach", "SQLite: ATTACH a file outside the data folder",
            partial(_sqlite, _attached)),
    _landed("sqlite-vacuum-into", "SQLite: VACUUM INTO a file outside",
            partial(_sqlite, _vacuumed)),
    _claim("llama-reads", "llama.cpp opens a model outside the folders", _llama_reads,
           before=_ggml),
    _landed("llama-writes", "llama.cpp writes a model file outside the data folder", _llama_writes,
            before=_ggml),
    _landed("onnx-writes", "ONNX Runtime writes its optimised model outside the data folder",
            _onnx_writes),
    _landed("c-stdio", "fopen() of the C library, outside the data folder", _c_stdio),
)  # fmt: skip
