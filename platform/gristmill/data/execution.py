"""How an ingestion is run: on which runner, with how many workers, and when it stops; none of it changes a record."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Execution"]


class Execution(BaseModel):
    """How an ingestion is run."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    runner: str = "local"
    """`local`, `flink`, `spark` or `dataflow`."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Processes that work at the same time."""
    runner_options: tuple[str, ...] = ()
    """More flags for Beam, such as `--flink_master=127.0.0.1:8081`."""
    max_quarantined: str | None = None
    """The most records that may be set aside: a share (`1%`) or a number (`100`); None sets no limit."""
