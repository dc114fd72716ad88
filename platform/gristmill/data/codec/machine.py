"""What compiled code needs of the machine and numba has no word for: copying bytes, reading eight at once."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["copy", "load8"]


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
