"""What compiled code needs of the machine and numba has no word for: copying bytes, eight bytes at once, a checksum."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["copy", "crc32c_8", "has_crc32c", "load8"]


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Address of `array[at]`."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


@intrinsic
def copy(typing: Any, out: Any, at: Any, data: Any, start: Any, size: Any) -> Any:
    """`out[at:at + size] = data[start:start + size]`, of bytes that do not overlap; no bounds are checked."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, place, source, first, count = arguments
        to = _pointer(context, builder, signature.args[0], target, place)
        cgutils.raw_memcpy(builder, to, _pointer(context, builder, signature.args[2], source, first), count, 1)

    return types.void(out, types.intp, data, types.intp, types.intp), code


@intrinsic
def load8(typing: Any, data: Any, at: Any) -> Any:
    """The eight bytes from `data[at]` on as one number, the first byte lowest; no bounds are checked."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(_pointer(context, builder, signature.args[0], *arguments), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(data, types.intp), code


@intrinsic
def has_crc32c(typing: Any) -> Any:
    """Whether the processor computes CRC-32C by an instruction."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(ir.IntType(1), int(_has_sse42(context)))

    return types.boolean(), code


@intrinsic
def crc32c_8(typing: Any, crc: Any, word: Any) -> Any:
    """Goes on from `crc`, neither inverted, over eight bytes; only where `has_crc32c()`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not _has_sse42(context):
            return arguments[0]
        kind = ir.FunctionType(ir.IntType(64), [ir.IntType(64)] * 2)
        step = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse42.crc32.64.64")
        return builder.call(step, arguments)

    return types.uint64(types.uint64, types.uint64), code


def _has_sse42(context: Any) -> bool:
    triple, _, features = context.codegen().magic_tuple()
    return triple.startswith("x86_64") and "+sse4.2" in features.split(",")
