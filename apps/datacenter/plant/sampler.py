"""Sets inputs and reads variables at every step by compiled code; Python would take a fifth of the run's time.

```
before the weather of a step:  actuators = inputs[step]
after each system step:        values, sums += hours x values, total += hours, parts += 1
after the zone step:           rows[row] = zone values, and system values or sums / total;  row += 1 in the run
```

The code is LLVM's assembly (https://llvm.org/docs/LangRef.html), made for one run: the addresses of the simulator's functions
and of our arrays stand in it as constants.
"""

import ctypes
from array import array
from typing import Any

import llvmlite.binding as llvm

__all__ = ["Sampler"]

_ASSEMBLY = """
define void @step_begins(ptr %state) {{
start:
  %reading = load i64, ptr {reading}
  %reads = icmp ne i64 %reading, 0
  %row = load i64, ptr {row}
  %counting = load i64, ptr {counting}
  %step = sub i64 %row, %counting
  %inside = icmp ult i64 %step, {steps}
  %go = and i1 %reads, %inside
  br i1 %go, label %begin, label %end
begin:
  %first = mul i64 %step, {inputs_all}
  %inputs.at = getelementptr double, ptr {inputs}, i64 %first
  br label %next
next:
  %place = phi i64 [ 0, %begin ], [ %place.next, %actuator ]
  %more = icmp ult i64 %place, {inputs_all}
  br i1 %more, label %actuator, label %end
actuator:
  %input.at = getelementptr double, ptr %inputs.at, i64 %place
  %input = load double, ptr %input.at
  %handle.at = getelementptr i32, ptr {input_handles}, i64 %place
  %handle = load i32, ptr %handle.at
  call void {set}(ptr %state, i32 %handle, double %input)
  %place.next = add i64 %place, 1
  br label %next
end:
  ret void
}}

define void @system_step(ptr %state) {{
start:
  %reading = load i64, ptr {reading}
  %reads = icmp ne i64 %reading, 0
  br i1 %reads, label %read, label %end
read:
  %hours = call double {time_step}(ptr %state)
  %total.old = load double, ptr {total}
  %total = fadd double %total.old, %hours
  store double %total, ptr {total}
  %parts.old = load i64, ptr {parts}
  %parts = add i64 %parts.old, 1
  store i64 %parts, ptr {parts}
  br label %next
next:
  %place = phi i64 [ 0, %read ], [ %place.next, %variable ]
  %more = icmp ult i64 %place, {systems}
  br i1 %more, label %variable, label %end
variable:
  %handle.at = getelementptr i32, ptr {system_handles}, i64 %place
  %handle = load i32, ptr %handle.at
  %value = call double {get}(ptr %state, i32 %handle)
  %value.at = getelementptr double, ptr {values}, i64 %place
  store double %value, ptr %value.at
  %sum.at = getelementptr double, ptr {sums}, i64 %place
  %sum.old = load double, ptr %sum.at
  %part = fmul double %value, %hours
  %sum = fadd double %sum.old, %part
  store double %sum, ptr %sum.at
  %place.next = add i64 %place, 1
  br label %next
end:
  ret void
}}

define void @zone_step(ptr %state) {{
start:
  %reading = load i64, ptr {reading}
  %reads = icmp ne i64 %reading, 0
  %row = load i64, ptr {row}
  %room = icmp ult i64 %row, {rows_all}
  %go = and i1 %reads, %room
  br i1 %go, label %read, label %end
read:
  %first = mul i64 %row, {width}
  %zone.at = getelementptr double, ptr {rows}, i64 %first
  %system.at = getelementptr double, ptr %zone.at, i64 {zones}
  br label %zone.next
zone.next:
  %zone = phi i64 [ 0, %read ], [ %zone.after, %zone.variable ]
  %zone.more = icmp ult i64 %zone, {zones}
  br i1 %zone.more, label %zone.variable, label %system
zone.variable:
  %handle.at = getelementptr i32, ptr {zone_handles}, i64 %zone
  %handle = load i32, ptr %handle.at
  %value = call double {get}(ptr %state, i32 %handle)
  %value.at = getelementptr double, ptr %zone.at, i64 %zone
  store double %value, ptr %value.at
  %zone.after = add i64 %zone, 1
  br label %zone.next
system:
  %total = load double, ptr {total}
  %parts = load i64, ptr {parts}
  %whole = icmp eq i64 %parts, 1
  store double 0.0, ptr {total}
  store i64 0, ptr {parts}
  br label %system.next
system.next:
  %place = phi i64 [ 0, %system ], [ %place.next, %system.variable ]
  %more = icmp ult i64 %place, {systems}
  br i1 %more, label %system.variable, label %count
system.variable:
  %only.at = getelementptr double, ptr {values}, i64 %place
  %only = load double, ptr %only.at
  %sum.at = getelementptr double, ptr {sums}, i64 %place
  %sum = load double, ptr %sum.at
  store double 0.0, ptr %sum.at
  %mean = fdiv double %sum, %total
  %kept = select i1 %whole, double %only, double %mean
  %kept.at = getelementptr double, ptr %system.at, i64 %place
  store double %kept, ptr %kept.at
  %place.next = add i64 %place, 1
  br label %system.next
count:
  %counting = load i64, ptr {counting}
  %row.next = add i64 %row, %counting
  store i64 %row.next, ptr {row}
  br label %end
end:
  ret void
}}
"""


class _Control(ctypes.Structure):
    """What the compiled code and Python both look at."""

    _fields_ = (
        ("reading", ctypes.c_int64),
        ("counting", ctypes.c_int64),
        ("row", ctypes.c_int64),
        ("parts", ctypes.c_int64),
        ("total", ctypes.c_double),
    )


class Sampler:
    """Fills rows: row 0 again and again until `start`, then one a step."""

    def __init__(self, library: Any, inputs: "array[float]", steps: int, zones: int, systems: int):
        """Compiles.

        Args:
            library: The simulator's, by ctypes.
            inputs: What the actuators of the inputs are set to [step * actuator].
            steps: Steps of the run.
            zones: Variables with one value a zone step.
            systems: Variables with one value a system step.
        """
        self.width = zones + systems
        self.rows = (ctypes.c_double * ((steps + 1) * self.width))()
        self._control = _Control()
        self._inputs = (ctypes.c_double * len(inputs)).from_buffer_copy(inputs)
        self._input_handles = (ctypes.c_int32 * (len(inputs) // steps))()
        self._zone_handles, self._system_handles = (ctypes.c_int32 * zones)(), (ctypes.c_int32 * systems)()
        self._values, self._sums = (ctypes.c_double * systems)(), (ctypes.c_double * systems)()
        control = ctypes.addressof(self._control)
        addresses = {name: control + getattr(_Control, name).offset for name, _ in _Control._fields_}
        for name in ("inputs", "input_handles", "zone_handles", "system_handles", "values", "sums"):
            addresses[name] = ctypes.addressof(getattr(self, f"_{name}"))
        addresses |= {
            "rows": ctypes.addressof(self.rows),
            "get": _address(library.getVariableValue),
            "set": _address(library.setActuatorValue),
            "time_step": _address(library.systemTimeStep),
        }
        pointers = {name: f"inttoptr (i64 {address} to ptr)" for name, address in addresses.items()}
        sizes = {"inputs_all": len(inputs) // steps, "zones": zones, "systems": systems, "width": self.width}
        self._code = _compiled(_ASSEMBLY.format(**pointers, **sizes, steps=steps, rows_all=steps + 1))
        self.step_begins, self.system_step, self.zone_step = map(
            self._code.get_function_address, ("step_begins", "system_step", "zone_step")
        )

    def read(self, inputs: list[int], zones: list[int], systems: list[int]) -> None:
        """Begins to set and to read what has these handles."""
        self._input_handles[:] = [*inputs]
        self._zone_handles[:] = [*zones]
        self._system_handles[:] = [*systems]
        self._control.reading = 1

    def start(self) -> None:
        """Begins to keep a row for each step; row 0 stays that of the last step before."""
        self._control.row = self._control.counting = 1

    @property
    def steps(self) -> int:
        """How many steps of the run are done."""
        return max(0, int(self._control.row) - 1)

    def last(self) -> list[float]:
        """The last row."""
        return self.rows[self.steps * self.width : (self.steps + 1) * self.width]


def _address(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def _compiled(assembly: str) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    code = llvm.create_mcjit_compiler(llvm.parse_assembly(assembly), machine)
    code.finalize_object()
    return code
