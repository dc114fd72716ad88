"""Changes the graphs of a .tflite flatbuffer: adds constants, tensors and operations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["File", "Graph"]


class File:
    """A flatbuffer that can be changed; the classes of its parts are those of `schema`."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.root = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        self.graphs = [Graph(self, graph) for graph in self.root.subgraphs]
        self._size = len(content)
        self._made: dict[bytes, int] = {}

    def content(self) -> bytes:
        """The flatbuffer as it is now."""
        builder = self.schema.flatbuffers.Builder(self._size)
        builder.Finish(self.root.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def kind(self, operation: Any) -> int:
        """The number of an operation's kind in `BuiltinOperator`."""
        return int(self.root.operatorCodes[operation.opcodeIndex].builtinCode)

    def floats(self, tensor: Any) -> "NDArray[np.float32] | None":
        """The values of a float32 constant; None for any other tensor."""
        data = self.root.buffers[tensor.buffer].data
        if tensor.shape is None or tensor.type != self.schema.TensorType.FLOAT32 or data is None or not len(data):
            return None
        return np.frombuffer(bytes(data), np.float32).reshape(tensor.shape)

    def buffer(self, values: "NDArray[Any]") -> int:
        """Adds a buffer with these values, unless it added one before, and gives its number."""
        content = values.tobytes()
        if content not in self._made:
            made = self.schema.BufferT()
            made.data = np.frombuffer(content, np.uint8)
            self.root.buffers.append(made)
            self._made[content] = len(self.root.buffers) - 1
        return self._made[content]

    def code(self, name: str, version: int) -> int:
        """The number of a kind of operation in a version, added where it is not there yet."""
        kind = getattr(self.schema.BuiltinOperator, name)
        for index, code in enumerate(self.root.operatorCodes):
            if (code.builtinCode, code.version) == (kind, version):
                return index
        made = self.schema.OperatorCodeT()
        made.builtinCode = made.deprecatedBuiltinCode = kind
        made.version = version
        self.root.operatorCodes.append(made)
        return len(self.root.operatorCodes) - 1


class Graph:
    """One of a file's graphs: its tensors and its operations, which may be replaced by others."""

    def __init__(self, file: File, graph: Any) -> None:
        self.file, self._graph = file, graph
        self._constants: dict[tuple[int, tuple[int, ...], str], int] = {}

    @property
    def tensors(self) -> list[Any]:
        """Its tensors; operations name them by their place here."""
        tensors: list[Any] = self._graph.tensors
        return tensors

    @property
    def operations(self) -> list[Any]:
        """Its operations, in the order in which they run."""
        return list(self._graph.operators)

    @operations.setter
    def operations(self, operations: Sequence[Any]) -> None:
        self._graph.operators = list(operations)

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape of a tensor; -1 for a size that is not known."""
        tensor = self.tensors[index]
        known, signature = tensor.shape, tensor.shapeSignature
        return tuple(map(int, signature if signature is not None and len(signature) else known))

    def is_read(self, index: int) -> bool:
        """Whether an operation takes a tensor, or the graph gives it."""
        read = (operation.inputs for operation in self._graph.operators if operation.inputs is not None)
        return index in self._graph.outputs or any(index in inputs for inputs in read)

    def tensor(self, name: bytes, shape: Sequence[int], buffer: int = 0, kind: str = "FLOAT32") -> int:
        """Adds a tensor and gives its number; a size of -1 is not known."""
        made = self.file.schema.TensorT()
        made.name, made.buffer, made.hasRank = name, buffer, True
        made.type = getattr(self.file.schema.TensorType, kind)
        made.shape = np.abs(np.array(shape, np.int32))
        if -1 in shape:
            made.shapeSignature = np.array(shape, np.int32)
        self.tensors.append(made)
        return len(self.tensors) - 1

    def constant(self, name: bytes, values: "NDArray[np.float32] | NDArray[np.int32]") -> int:
        """Adds a constant, unless it added the same before, and gives its number."""
        key = (self.file.buffer(values), values.shape, "FLOAT32" if values.dtype == np.float32 else "INT32")
        if key not in self._constants:
            self._constants[key] = self.tensor(name, values.shape, key[0], key[2])
        return self._constants[key]

    def operation(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str = "",
        version: int = 1,
        **values: Any,
    ) -> Any:
        """Makes an operation, which is not in the graph yet.

        Args:
            name: Its kind, as in `BuiltinOperator`.
            inputs: Numbers of the tensors that it takes; -1 for one that it does without.
            outputs: Numbers of the tensors that it makes.
            options: Name of the class of its options.
            version: Of its kind.
            **values: Attributes of its options.
        """
        made = self.file.schema.OperatorT()
        made.opcodeIndex = self.file.code(name, version)
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if options:
            made.builtinOptionsType = getattr(self.file.schema.BuiltinOptions, options)
            made.builtinOptions = getattr(self.file.schema, f"{options}T")()
            for attribute, value in values.items():
                setattr(made.builtinOptions, attribute, value)
        return made
