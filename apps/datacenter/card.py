"""The prose of the data centre's model card."""

from gristmill.data.dataset import Dataset
from gristmill.runs import CardText

__all__ = ["card"]


def card(dataset: Dataset) -> CardText:
    """The text for a run on a dataset."""
    info = dataset.manifest.info
    return CardText(
        title=f"Data centre on {info.get('title', dataset.path.name)}",
        description=(
            "Two models of a data centre's telemetry. *predict* gives PUE and power a step and an hour ahead with intervals: "
            "an ensemble of networks and boosted trees. *policy* plans the cooling's set-points at each step: learned "
            "dynamics (a ridge regression and an ensemble of networks with their noise) and, in the same graph, the search "
            "for the cheapest plan that keeps the limits of the air."
        ),
        intended_use=(
            "Understanding where a data centre's energy goes, and steering its cooling behind a guard "
            "(`apps.datacenter.safety`) that checks each advice and falls back on rules. Not without the guard, and in a real "
            "plant first in shadow mode."
        ),
        limitations=(
            "Knows only the states that the telemetry has; set-points that were never tried are not in it. The guard refuses "
            "advice in situations that are far from them.",
            "PUE is total over IT power. It can fall while the energy for the same computing work rises.",
            "Energy of the policy and of its peers is that of a simulated plant, where the telemetry tells one. A best "
            "constant has hindsight: it was searched for in the run that it is judged in.",
            "Humidity is weighed, not held: see `Humidity out` beside default control's.",
        ),
        licence_of_data=info.get("licence", "as its owner says"),
        citation=info.get("citation", ""),
        usage=(
            "gristmill dashboard\ngristmill runs show RUN\n"
            "gristmill plant run --servers flat --controller mpc --set run=RUN --set log=actions.jsonl"
        ),
        tags=("datacenter", "energy"),
        task="other",
    )
