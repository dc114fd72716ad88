"""A comparison of two sets of records as rows for a table and a chart."""

from dashboards.parts.quality import Row
from gristmill.data.reports import Comparison, FeatureDrift

__all__ = ["drift_rows", "share_rows", "title_of"]


def title_of(feature: FeatureDrift) -> str:
    """The feature's name, and which part of it where that is not its values."""
    return feature.feature if feature.part == "values" else f"{feature.feature} ({feature.part})"


def drift_rows(made: Comparison) -> list[Row]:
    """A row a feature, the largest drift first; those that cannot be compared stand at the end."""
    rows: list[Row] = [
        {
            "Feature": title_of(feature),
            "Drift": "yes" if feature.drifted else "no" if feature.judged else "not judged",
            "PSI": feature.psi,
            "JS": feature.js,
            "L∞": feature.linf,
            "Missing in A": feature.missing[0],
            "Missing in B": feature.missing[1],
            "What changed": feature.told,
        }
        for feature in made.features
    ]
    lacking: list[Row] = [
        {"Feature": name, "Drift": "yes", "What changed": f"cannot be compared: {reason}"}
        for name, reason in made.mismatches
    ]
    return rows + lacking


def share_rows(feature: FeatureDrift, names: tuple[str, str]) -> list[Row]:
    """Two rows a bin or term: its share of the values of each side."""
    return [
        {"bin": name, "side": side, "share": share}
        for name, *shares in feature.shares
        for side, share in zip(names, shares, strict=True)
    ]
