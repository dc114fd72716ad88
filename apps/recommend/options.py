"""Options of `gristmill ingest recommend` beside the files, and the presets' settings: light, for the command line."""

from dataclasses import dataclass, field

from gristmill.errors import InputError

__all__ = ["IngestOptions", "PRESETS"]


def _option(text: str) -> str | None:
    return field(default=None, metadata={"help": text})


@dataclass(frozen=True)
class IngestOptions:
    """Which columns hold what, and how many shards to write."""

    user: str | None = _option("Column of the user; by default user, user_id ...")
    item: str | None = _option("Column of the item; by default item, item_id, movieId ...")
    rating: str | None = _option("Column of the rating; by default rating, where there is one.")
    time: str | None = _option("Column of the time (seconds since 1970, or ISO 8601); by default time ...")
    title: str | None = _option("Column of the item's name in --items; by default title, name ...")
    shards: int | None = field(
        default=None, metadata={"help": "Shards a split; one for every 16 MiB of source by default."}
    )
    data_info: dict[str, str] = field(default_factory=dict)
    """What to write in the manifest about the data; not an option of the command line."""

    def __post_init__(self) -> None:
        if self.shards is not None and self.shards < 1:
            raise InputError(f"--shards must be a positive integer. Received: {self.shards}")


PRESETS: dict[str, dict[str, object]] = {
    "default": {},
    "small": {
        "retrieval.width": 16,
        "retrieval.layers": 1,
        "retrieval.heads": 2,
        "retrieval.epochs": 2,
        "retrieval.evaluate_from": 1,
        "retrieval.jit_compile": False,
        "ranking.hidden_units": (8,),
        "ranking.embedding_width": 4,
        "ranking.epochs": 3,
    },
}
"""`default`: two minutes on 2 cores for MovieLens-100k, NDCG@10 about .11, AUC about .795. `small`: seconds, for trying."""
