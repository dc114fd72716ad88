"""Text before and after the model: what is masked, long lines, glossaries, and lines in, lines out."""

from apps.translation.text.engine import Engine, Vocabulary
from apps.translation.text.glossary import Glossary
from apps.translation.text.translator import Counts, Part, Translator

__all__ = ["Counts", "Engine", "Glossary", "Part", "Translator", "Vocabulary"]
