"""The prose of the data centre's model card."""

from gristmill.data.dataset import Dataset
from gristmill.runs import CardText

__all__ = ["card"]


def card(dataset: Dataset) -> CardText:
    """The text for a run on a dataset."""
    info = dataset.manifest.info
    return CardText(
        title=f"Data centre on {info.get('title', dataset.path.name)}",
        description="Works on a data centre's telemetry: set-points, temperatures, flows, powers and PUE by step.",
        intended_use="Understanding where a data centre's energy goes, for the people who run it.",
        limitations=(
            "Knows only the states that the telemetry has; set-points that were never tried are not in it.",
            "PUE is total over IT power. It can fall while the energy for the same computing work rises.",
        ),
        licence_of_data=info.get("licence", "as its owner says"),
        citation=info.get("citation", ""),
        usage="gristmill runs show RUN",
        tags=("datacenter", "energy"),
        task="other",
    )
