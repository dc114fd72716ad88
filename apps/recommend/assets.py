"""What travels in the recommender's lite files: ids, titles, and how to call the file."""

import json

from gristmill.app import Work
from gristmill.data.dataset import Dataset

__all__ = ["ranking_assets", "retrieval_assets", "titles"]


def titles(dataset: Dataset) -> dict[str, str]:
    """Title of each item by its id: its name and year where the items' table has them, else the id itself."""
    named = {item: item for item in dataset.vocabulary("item")}
    if "items" in dataset.manifest.tables:
        table = dataset.table("items")
        years = table.column("year").to_pylist() if "year" in table.column_names else [None] * table.num_rows
        if "title" in table.column_names:
            for item, title, year in zip(
                table.column("item").to_pylist(), table.column("title").to_pylist(), years, strict=True
            ):
                if item in named and title:
                    named[item] = f"{title} ({year:.0f})" if isinstance(year, float) else title
    return named


def retrieval_assets(work: Work) -> dict[str, bytes]:
    """`items.txt` and `titles.txt`: line i belongs to item index i (from 1); `signature.json` says how to call."""
    config = work.config.retrieval
    use = {
        "signature": "recommend",
        "history": f"item indices, oldest first, padded with 0 on the left to {config.history}",
        "items": "item indices, best first; none of the history; 0 where none is left",
        "scores": "logits, to compare within one answer",
    }
    return _files(work.dataset, use)


def ranking_assets(work: Work) -> dict[str, bytes]:
    """As `retrieval_assets`, with `users.txt`: line i belongs to user index i (from 1); 0 is a user never seen."""
    config = work.config.ranking
    use = {
        "signature": "rank",
        "user": "user index, 0 for one never seen in training",
        "history": f"item indices of rated events, padded with 0 on the left to {config.history}",
        "liked": f"1 where the rating was at least {config.like_at_least:g}, else 0",
        "items": f"candidates, padded with 0 on the right to {config.candidates}",
        "probabilities": "of a like, in the order of the candidates",
    }
    return _files(work.dataset, use) | {"users.txt": _lines(work.dataset.vocabulary("user"))}


def _files(dataset: Dataset, use: dict[str, str]) -> dict[str, bytes]:
    named = titles(dataset)
    return {
        "items.txt": _lines(dataset.vocabulary("item")),
        "titles.txt": _lines([named[item] for item in dataset.vocabulary("item")]),
        "signature.json": json.dumps(use, indent=1).encode(),
    }


def _lines(terms: list[str]) -> bytes:
    return "".join(term.replace("\n", " ") + "\n" for term in terms).encode()
