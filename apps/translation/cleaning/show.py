"""Shows people what an ingestion found: what cleaning set aside and why, and the vocabulary."""

from pathlib import Path

import typer

from apps.translation.cleaning.names import REPORT
from gristmill.cli.output import print_table
from gristmill.data.manifest import Manifest
from gristmill.files import read_json

__all__ = ["show_report"]


def show_report(folder: Path, manifest: Manifest) -> None:
    """Prints the report of a dataset of pairs, short."""
    report = read_json(folder / manifest.reports[REPORT].name)
    told = [rule for rule in report["rules"] if rule["dropped"]]
    if told:
        print_table(["rule", "dropped", "such as"], [_row(rule) for rule in told])
    typer.echo(
        f"pairs {report['source_language']}-{report['target_language']}: {report['read']} read, {report['left']} left, "
        f"of {report['sentences']} source sentences; {report['normalised_texts']} texts were normalised"
    )
    about = report["vocabulary"]
    typer.echo(
        f"vocabulary: {about['pieces']} pieces; {about['source_characters_a_piece']:.1f} characters a piece in "
        f"{report['source_language']}, {about['target_characters_a_piece']:.1f} in {report['target_language']}"
    )


def _row(rule: dict[str, object]) -> list[str]:
    examples = rule["examples"]
    assert isinstance(examples, list)
    return [str(rule["rule"]), str(rule["dropped"]), str(examples[0])[:60].replace("\t", " | ") if examples else ""]
