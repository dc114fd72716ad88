"""The converter of the original MovieLens archive gives the columns that the wheel's files have."""

import zipfile
from pathlib import Path

import pytest

from apps.recommend.movielens import MOVIELENS_100K
from apps.recommend.options import IngestOptions
from apps.recommend.plan import make_plan
from gristmill.errors import IntegrityError


def _flags(*set_places: int) -> str:
    return "|".join("1" if place in set_places else "0" for place in range(19))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    items = [
        "1|Toy Story (1995)|01-Jan-1995||http://x|" + _flags(3, 4, 5),
        "2|Misérables, Les (1995)|01-Jan-1996||http://x|" + _flags(8),
        "3|Land Before Time III: The Time of the Great Giving (1995) (V)|01-Jan-1995||http://x|" + _flags(3, 4),
        "267|unknown||||" + _flags(0),
        "5|Ghost \x85 Story|01-Jan-1981||http://x|" + _flags(),
    ]
    with zipfile.ZipFile(tmp_path / "ml-100k.zip", "w") as made:
        made.writestr("ml-100k/u.data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
        made.writestr("ml-100k/u.item", "".join(item + "\n" for item in items).encode("latin-1"))
        made.writestr("ml-100k/u.user", "1|24|M|technician|85711\n")
    return tmp_path / "ml-100k.zip"


def test_the_files_are_those_of_the_wheel(archive: Path) -> None:
    assert MOVIELENS_100K.archive is not None
    made = MOVIELENS_100K.archive.convert(archive)
    assert made.keys() == MOVIELENS_100K.files.keys()
    assert {name: content.decode().split("\n")[:-1] for name, content in made.items()} == {
        "ml-100k.inter": [
            "user_id:token\titem_id:token\trating:float\ttimestamp:float",
            "196\t242\t3\t881250949",
            "186\t302\t3\t891717742",
        ],
        "ml-100k.item": [
            "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
            "1\tToy Story\t1995\tAnimation Children's Comedy",
            "2\tMisérables, Les\t1995\tDrama",
            "3\tLand Before Time III: The Time of the Great Giving\t1995\tAnimation Children's",
            "267\tunknown\t\tunknown",
            "5\tGhost \x85 Story\t1981\t",
        ],
        "ml-100k.user": ["user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token", "1\t24\tM\ttechnician\t85711"],
    }  # fmt: skip


def test_the_converted_files_make_a_plan(archive: Path, tmp_path: Path) -> None:
    assert MOVIELENS_100K.archive is not None
    for name, content in MOVIELENS_100K.archive.convert(archive).items():
        (tmp_path / name).write_bytes(content)
    names = {"interactions": "ml-100k.inter", "items": "ml-100k.item", "users": "ml-100k.user"}
    plan = make_plan({name: [str(tmp_path / file)] for name, file in names.items()}, IngestOptions())
    assert plan.records.record_schema.names == ("user", "item", "rating", "time")
    assert plan.tables[0].record_schema.names == ("item", "title", "year", "genres")
    assert plan.tables[1].record_schema.names == ("user", "age", "gender", "occupation", "zip_code")


@pytest.mark.parametrize("content", [b"no zip", None])
def test_another_archive_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ml-100k.zip"
    if content is None:
        zipfile.ZipFile(path, "w").close()
    else:
        path.write_bytes(content)
    assert MOVIELENS_100K.archive is not None
    with pytest.raises(IntegrityError, match=r"ml-100k\.zip is no MovieLens-100k archive"):
        MOVIELENS_100K.archive.convert(path)
