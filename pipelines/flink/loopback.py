"""Keeps Beam's Java servers on loopback: 2.62 opens the ports of the job server and of the workers on all interfaces.

The class that opens them calls `NettyServerBuilder.forPort(address.getPort())`; in the copy that is made here, and stands
first on the class path, it calls `NettyServerBuilder.forAddress(address)`, the address being `localhost:PORT`.
Format of class files: https://docs.oracle.com/javase/specs/jvms/se17/html/jvms-4.html
"""

import struct
import zipfile
from pathlib import Path

from gristmill.errors import IntegrityError

__all__ = ["CORE_JAR", "write_loopback_jar"]

CORE_JAR = "beam-sdks-java-core-2.62.0.jar"
_CLASS = "org/apache/beam/sdk/fn/server/ServerFactory$InetSocketAddressServerFactory.class"
_BUILDER = "org/apache/beam/vendor/grpc/v1p60p1/io/grpc/netty/NettyServerBuilder"
_UTF8, _NAME_AND_TYPE, _METHOD = 1, 12, 10
_LONG_KINDS = {5, 6}
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
"""Bytes of a constant after its kind; a text says its own."""


def write_loopback_jar(core: Path, target: Path) -> Path:
    """Writes a jar with the changed class, made from Beam's `beam-sdks-java-core` jar.

    Raises:
        IntegrityError: The class is another one than we know.
    """
    with zipfile.ZipFile(core) as jar:
        changed = _on_given_address(jar.read(_CLASS))
    with zipfile.ZipFile(target, "w") as jar:
        jar.writestr(_CLASS, changed)
    return target


def _on_given_address(code: bytes) -> bytes:
    places, end = _constants(code)
    (count,) = struct.unpack_from(">H", code, 8)
    methods = {index: struct.unpack_from(">H", code, at + 3)[0] for index, at in places.items() if code[at] == _METHOD}
    names = {
        index: _text(code, places[struct.unpack_from(">H", code, places[kind] + 1)[0]])
        for index, kind in methods.items()
    }
    for_port = next((index for index, name in names.items() if name == "forPort"), 0)
    take, call, static, nothing = b"\x2b", b"\xb6", b"\xb8", b"\x00"  # aload_1, invokevirtual, invokestatic, nop
    made = static + struct.pack(">H", for_port)
    befores = [take + call + struct.pack(">H", index) + made for index, name in names.items() if name == "getPort"]
    before = next((found for found in befores if code.count(found) == 1), b"")
    if not before:
        raise IntegrityError("beam-sdks-java-core: ServerFactory is another class than that of 2.62")
    after = take + 3 * nothing + made
    added = _utf8("forAddress") + _utf8(f"(Ljava/net/SocketAddress;)L{_BUILDER};")
    added += struct.pack(">BHH", _NAME_AND_TYPE, count, count + 1)
    method = places[for_port]
    pool = code[10 : method + 3] + struct.pack(">H", count + 2) + code[method + 5 : end]
    return code[:8] + struct.pack(">H", count + 3) + pool + added + code[end:].replace(before, after)


def _constants(code: bytes) -> tuple[dict[int, int], int]:
    """Where each constant of a class stands, by its index, and where they end."""
    (count,) = struct.unpack_from(">H", code, 8)
    places, at, index = dict[int, int](), 10, 1
    while index < count:
        places[index], kind = at, code[at]
        at += 1 + (2 + struct.unpack_from(">H", code, at + 1)[0] if kind == _UTF8 else _SIZES[kind])
        index += 2 if kind in _LONG_KINDS else 1
    return places, at


def _text(code: bytes, at: int) -> str:
    (size,) = struct.unpack_from(">H", code, at + 1)
    return code[at + 3 : at + 3 + size].decode("utf-8", "replace")


def _utf8(text: str) -> bytes:
    return struct.pack(">BH", _UTF8, len(text)) + text.encode()
