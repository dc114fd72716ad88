"""All cases of harm to a source file."""

from tests.pipelines import exact_files, exact_pairs, exact_parquet, exact_text, exact_values

__all__ = ["CASES"]

GROUPS = (
    exact_values.bad_values,
    exact_values.same_values,
    exact_text.lines_of_any_text,
    exact_text.cells,
    exact_text.headers,
    exact_text.objects,
    exact_files.gzips,
    exact_files.changing,
    exact_pairs.pair_cases,
    exact_parquet.values,
    exact_parquet.columns,
    exact_parquet.files,
)
CASES = [case for group in GROUPS for case in group()]
