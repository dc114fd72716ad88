"""The prose of the translator's model card."""

from gristmill.data.dataset import Dataset
from gristmill.runs import CardText

__all__ = ["card"]


def card(dataset: Dataset) -> CardText:
    """The text for a run on a dataset."""
    info = dataset.manifest.info
    source, target = info["source_language"], info["target_language"]
    return CardText(
        title=f"Translator {source}-{target} on {info.get('title', dataset.path.name)}",
        description=(
            "A small Transformer with a deep encoder and a shallow decoder over pieces of words. URLs, tags, placeholders, "
            "numbers and a glossary's terms travel through it as symbols and come out as they went in; the vocabulary "
            "travels in the lite file."
        ),
        intended_use=(
            f"Translating text from {source} to {target} without a network, on a phone, a server or in a browser, where "
            "a person can judge the result. Not for texts in which an error does harm, such as medical or legal ones."
        ),
        limitations=(
            "It knows the words and the tone of its corpus; other domains are translated worse.",
            "Each sentence is translated on its own: what a pronoun refers to in another sentence is not seen.",
            "Translations may repeat what is unjust in the corpus, such as a profession's gender.",
            "BLEU and chrF compare with one reference, and say little of a single sentence.",
            "Lite files are compared by greedy search over the pieces of whole lines; the scores above are those of beam search, "
            "with symbols put back and lines split at sentences, as `gristmill translate` does it.",
        ),
        licence_of_data=info.get("licence", "as its owner says"),
        citation=info.get("citation", ""),
        usage=f'echo "Good morning." | gristmill translate --run RUN   # {source} to {target}',
        tags=("translation", "tflite", "keras", source, target),
        task="translation",
    )
