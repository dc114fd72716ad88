"""Options that `gristmill ingest` has for every app: the layout of the shards, and how the pipeline is run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gristmill.data.execution import Execution
    from gristmill.data.plan import IngestPlan

__all__ = ["CommonOptions"]

_GIB = 1 << 30


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True)
class CommonOptions:
    """What a user may say of any ingestion; the names are those of the command line."""

    layout: str = field(default="plain", metadata=_help("plain (an Example a record) or packed (for fast training)."))
    compression: str = field(default="gzip", metadata=_help("gzip or none."))
    memory: float = field(default=2.0, metadata=_help("Most memory of a process, in GiB."))
    runner: str = field(default="local", metadata=_help("local, flink, spark or dataflow."))
    workers: int = field(default=1, metadata=_help("Processes that work at the same time."))
    runner_option: list[str] | None = field(
        default=None, metadata=_help("A flag for Beam, such as --flink_master=HOST:PORT; may be repeated.")
    )
    max_quarantined: str | None = field(
        default=None, metadata=_help("Stop where more records are set aside: 1% or 100; the quarantine is kept.")
    )
    estimate: bool = field(default=False, metadata=_help("Only tell time, memory and disk, from a sample."))
    rows: int | None = field(
        default=None, metadata=_help("With --estimate: for this many records instead of those in the files.")
    )

    def plan(self, plan: "IngestPlan") -> "IngestPlan":
        """The plan with these options.

        Raises:
            InputError: One breaks a rule.
        """
        from gristmill.config import validated
        from gristmill.data.plan import IngestPlan, Layout

        layout = validated(Layout, {"kind": self.layout, "compression": self.compression})
        known = {name: getattr(plan, name) for name in IngestPlan.model_fields}
        return validated(IngestPlan, known | {"layout": layout, "memory_bytes": int(self.memory * _GIB)})

    @property
    def execution(self) -> "Execution":
        """How to run the pipeline.

        Raises:
            InputError: An option breaks a rule.
        """
        from gristmill.config import validated
        from gristmill.data.execution import Execution

        known = {
            "runner": self.runner,
            "workers": self.workers,
            "runner_options": tuple(self.runner_option or ()),
            "max_quarantined": self.max_quarantined,
        }
        return validated(Execution, known)
