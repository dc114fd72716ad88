"""The prose of the recommender's model card."""

from gristmill.data.dataset import Dataset
from gristmill.runs import CardText

__all__ = ["card"]


def card(dataset: Dataset) -> CardText:
    """The text for a run on a dataset."""
    info = dataset.manifest.info
    name = info.get("title", dataset.path.name)
    return CardText(
        title=f"Recommender on {name}",
        description=(
            "Two models. *Retrieval* is a causal Transformer (after SASRec) over a user's own history of items; it scores "
            "the whole catalogue as the next item, so a user who was never seen in training gets recommendations without "
            "retraining. *Ranking* is a wide-and-deep classifier that gives the probability that a user likes a candidate."
        ),
        intended_use=(
            "Recommending items of this catalogue to people from what they met and rated before, on a phone, a server or "
            "in a browser. Not for decisions about people, and not for items that the training data does not hold."
        ),
        limitations=(
            "Retrieval knows only the items of its catalogue; new items need training.",
            "Offline figures tell how well past behaviour is guessed, not how much people like what they are shown.",
            "Events of one second have no true order; ties are ordered by item id, and the `untied` figures are over the "
            "users whose last event has a second of its own.",
            "People who rate little, and items that are rated little, are served worse: see the cold and warm figures.",
        ),
        licence_of_data=info.get("licence", "as its owner says"),
        citation=info.get("citation", ""),
        usage="gristmill dashboard\ngristmill runs show RUN\ngristmill export RUN --lite dynamic",
        tags=("recommendation", "tflite", "keras"),
        task="other",
    )
