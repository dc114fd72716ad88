"""How Arrow batches and tables travel between Beam stages: as Arrow IPC streams."""

import pyarrow as pa
from apache_beam import coders

__all__ = ["ArrowTableCoder", "register_coders"]


class ArrowTableCoder(coders.Coder):
    """Encodes a table as one IPC stream, without the buffers that a slice does not use."""

    def encode(self, value: pa.Table) -> bytes:
        """The IPC stream of a table."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_table(value)
        return bytes(sink.getvalue())

    def decode(self, encoded: bytes) -> pa.Table:
        """The table of an IPC stream."""
        return pa.ipc.open_stream(pa.py_buffer(encoded)).read_all()

    def is_deterministic(self) -> bool:
        """Equal tables give equal streams."""
        return True

    def to_type_hint(self) -> type:
        """The type that this coder is for."""
        return pa.Table


def register_coders() -> None:
    """Tells Beam of the coder; it must be called where a pipeline is built."""
    coders.registry.register_coder(pa.Table, ArrowTableCoder)
