"""The peers that can be run on this machine, scored on a test set: the baselines of an evaluation."""

from collections.abc import Callable, Sequence

from apps.translation.evaluation.apertium import Apertium
from apps.translation.evaluation.scores import score
from gristmill.errors import InputError

__all__ = ["baselines"]


def baselines(
    sources: Sequence[str], references: Sequence[str], languages: tuple[str, str], tell: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """Metrics of the source as it is, and of Apertium where it is installed.

    Args:
        sources: The sentences.
        references: One translation of each.
        languages: Codes of the source's and the target's language.
        tell: Is told what is not installed, and how to install it.

    Returns:
        Metrics by system.
    """
    systems = {"source as it is": list(sources)}
    try:
        peer = Apertium(*languages)
    except InputError as error:
        tell(f"not compared: {error}")
    else:
        systems[peer.name] = peer.translate(sources)
    return {name: dict(score(lines, references).values) for name, lines in systems.items()}
