"""Training step by step: see every value, stop at the first bad one.

    steps = eager.compiled(model, data)
    steps = eager.steps(steps, watch=True)  # without this line the same loop runs compiled
    for step in steps:
        print(step.number, step.loss, step.global_norm)
        for output in step.outputs:
            print(output.layer, output.shape, output.minimum, output.maximum)

`eager.steps(model, data)` is the short form of the first two lines. Both ways compute the same function, once as TensorFlow
runs it operation by operation and once as one graph, so their losses are equal up to the rounding of float32.
"""

from gristmill.eager.compiled import Compiled, compiled
from gristmill.eager.record import LayerOutput, StepRecord
from gristmill.eager.steps import steps
from gristmill.eager.table import Table, layer_table, table

__all__ = ["Compiled", "LayerOutput", "StepRecord", "Table", "compiled", "layer_table", "steps", "table"]
