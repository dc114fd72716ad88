"""The app's default data: messages of programs in English and Spanish."""

from apps.translation.options import IngestOptions
from apps.translation.sources import PAIRS
from gristmill.data.known import Fetched

__all__ = ["default_sources"]

_PIECES = 4000


def default_sources(fetched: Fetched) -> tuple[dict[str, list[str]], IngestOptions]:
    """Sources and options of the catalogues, which are fetched for `en-es`."""
    data = fetched.data
    info = {"name": data.name, "title": data.title, "licence": data.licence, "source": fetched.source}
    return {"pairs": [str(fetched.files[PAIRS])]}, IngestOptions(pieces=_PIECES, data_info=info)
