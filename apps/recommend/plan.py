"""The recommender's ingestion: which columns hold what, and how a user's events are split by time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apps.recommend.options import IngestOptions
from gristmill.data.known import Fetched
from gristmill.data.plan import IngestPlan, Source, TimeSplit
from gristmill.errors import InputError, unknown_name
from gristmill.schema import Feature, Kind, Missing, Role, Schema

if TYPE_CHECKING:
    from gristmill.data.dataset import Dataset

__all__ = ["default_sources", "make_plan", "ranking_applies"]

_GUESSES = {
    "user": ("user", "user_id", "userid", "user_id:token"),
    "item": ("item", "item_id", "itemid", "movie_id", "movieid", "product_id", "item_id:token"),
    "rating": ("rating", "score", "stars", "rating:float"),
    "time": ("time", "timestamp", "date", "datetime", "timestamp:float"),
    "title": ("title", "name", "movie_title", "movie_title:token_seq"),
}
_SAMPLE_RECORDS = 1000


def make_plan(sources: Mapping[str, Sequence[str]], options: IngestOptions) -> IngestPlan:
    """The plan for a user's files.

    Raises:
        InputError: A file is missing or empty, or has none of the columns that are needed.
    """
    from pipelines.sources import expand_paths

    files = {name: expand_paths(paths) for name, paths in sources.items() if paths}
    if not files.get("interactions"):
        raise InputError("--interactions must name at least one file. Received: none")
    columns = _columns(files["interactions"][0])
    user, item, time = (_needed(name, getattr(options, name), columns, files) for name in ("user", "item", "time"))
    rating = _column("rating", options.rating, columns, files["interactions"][0])
    features = [
        Feature(name="user", kind=Kind.ID, role=Role.KEY, column=user),
        Feature(name="item", kind=Kind.ID, role=Role.KEY, column=item),
        Feature(name="time", kind=Kind.TIME, column=time),
    ]
    if rating:
        features.insert(2, Feature(name="rating", kind=Kind.NUMBER, role=Role.LABEL, column=rating))
    names = tuple(feature.name for feature in features)
    tables = []
    if "items" in files:
        tables.append(_side_table("items", files["items"], "item", options.item, options.title))
    if "users" in files:
        tables.append(_side_table("users", files["users"], "user", options.user, None))
    return IngestPlan(
        app="recommend",
        records=Source(
            name="interactions",
            paths=tuple(files["interactions"]),
            record_schema=Schema(features=tuple(features)),
            unique=names,
        ),
        split=TimeSplit(key="user", order_by=("time", "item")),
        tables=tuple(tables),
        shards=options.shards,
        info=options.data_info,
    )


def ranking_applies(dataset: "Dataset") -> str | None:
    """Why no ranking model can be trained on a dataset, or None: it needs ratings."""
    return None if "rating" in dataset.manifest.record_schema.names else "the dataset has no rating column"


def default_sources(fetched: Fetched) -> tuple[dict[str, list[str]], IngestOptions]:
    """Sources and options for MovieLens-100k."""
    files = fetched.files
    sources = {
        "interactions": [str(files["ml-100k.inter"])],
        "items": [str(files["ml-100k.item"])],
        "users": [str(files["ml-100k.user"])],
    }
    data = fetched.data
    info = {"name": data.name, "title": data.title, "licence": data.licence, "citation": data.citation}
    return sources, IngestOptions(data_info={**info, "source": fetched.source})


def _needed(name: str, given: str | None, columns: list[str], files: Mapping[str, list[str]]) -> str:
    path = files["interactions"][0]
    column = _column(name, given, columns, path)
    if column is None:
        guesses = ", ".join(_GUESSES[name])
        raise InputError(
            f"{path}: no column for the {name} (looked for {guesses}); name it with --{name}. "
            f"The file has: {', '.join(columns)}"
        )
    return column


def _column(name: str, given: str | None, columns: list[str], path: str) -> str | None:
    """The column that was named, or else the first that is called so by custom."""
    if given is not None:
        if given not in columns:
            raise InputError(f"{path}: {unknown_name('column', given, columns)}")
        return given
    lower = {column.lower(): column for column in reversed(columns)}
    return next((lower[guess] for guess in _GUESSES[name] if guess in lower), None)


def _side_table(name: str, paths: list[str], key: str, given: str | None, title: str | None) -> Source:
    """A side table: its key, a title, and every other column by what its values look like."""
    columns = _columns(paths[0])
    key_column = _column(key, given if given in columns else None, columns, paths[0])
    if key_column is None:
        raise InputError(f"{paths[0]}: no column for the {key}; the file has: {', '.join(columns)}")
    features = [Feature(name=key, kind=Kind.ID, role=Role.KEY, column=key_column)]
    title_column = _column("title", title, columns, paths[0]) if key == "item" else None
    sample = _sample(paths[0])
    taken = {key}
    for place, column in enumerate(columns, start=1):
        if column == key_column:
            continue
        if not column.partition(":")[0]:
            raise InputError(f"{paths[0]}: column {place} has no name; name it in the header, or leave it out")
        if column == title_column:
            feature = Feature(name="title", kind=Kind.TEXT, missing=Missing.KEEP, column=column)
        else:
            feature = _side_feature(column, sample[column])
        if feature.name in taken:
            raise InputError(f"{paths[0]}: two columns would be called {feature.name!r}; rename one of them")
        taken.add(feature.name)
        features.append(feature)
    return Source(name=name, paths=tuple(paths), record_schema=Schema(features=tuple(features)), unique=(key,))


def _side_feature(column: str, values: list[Any]) -> Feature:
    """A number where nearly all values are numbers, a list where a separator is common, else category or text.

    A column called `NAME:float`, `NAME:token` or `NAME:token_seq` says itself what it is, and so does one that holds
    lists. Unlike `gristmill data infer`, all that is no number becomes terms, and every value may be missing.
    """
    from pipelines.survey.evidence import Evidence
    from pipelines.survey.guess import list_separator, split_name

    evidence = Evidence.of(values)
    name, said = split_name(column)
    named: dict[str, Any] = {
        "name": {"class": "genres", "release_year": "year"}.get(name, name),
        "missing": Missing.KEEP,
        "column": column,
    }
    if evidence.looks["list"]:
        floats = evidence.elements is not None and evidence.elements.sure("number") and not evidence.elements.whole
        return Feature(kind=Kind.SEQUENCE, dtype="float32" if floats else "string", **named)
    if separator := list_separator(evidence, said):
        return Feature(kind=Kind.SEQUENCE, separator=separator, **named)
    if said == "float" or evidence.sure("number"):
        return Feature(kind=Kind.NUMBER, **named)
    return Feature(kind=Kind.CATEGORY if evidence.repeats or said == "token" else Kind.TEXT, **named)


def _columns(path: str) -> list[str]:
    from pipelines.peek import peek

    return peek(path, 1)[0]


def _sample(path: str) -> dict[str, list[Any]]:
    """Present values of each column among the first records."""
    from pipelines.peek import peek

    columns, records = peek(path, _SAMPLE_RECORDS)
    made: dict[str, list[Any]] = {name: [] for name in columns}
    for record in records:
        for name, value in record.items():
            if value not in (None, ""):
                made[name].append(value)
    return made
