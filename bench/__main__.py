"""Runs the benchmarks: `python -m bench [NAME ...]`; `python -m bench quality --seeds 0 1 2` is the long one."""

import argparse
import importlib
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from bench.inputs import Inputs
from bench.tables import machine, note
from gristmill.errors import GristmillError

__all__ = ["BENCHMARKS", "main"]

BENCHMARKS = {
    "help": "wall time of the command line's first answer",
    "ingest": "rows per CPU-second of the ingestion pipeline",
    "read": "examples per CPU-second of shuffled batches, beside other readers",
    "scale": "time, memory and disk of ingesting up to 50 million rows, beside the estimate",
    "step": "training steps per second against a bare loop",
    "plant": "CPU of a year of the data centre in closed loop, beside the simulator alone",
    "servers": "energy of a fleet whose servers are switched on and off by forecast, beside other ways and the oracle",
    "control": "a year of the data centre under each controller, also in climates and loads never used in fitting",
    "faults": "50 faults injected into the data centre's plant under a guarded advisor",
    "predict": "errors of the predictor of PUE and power, beside peers",
    "distribute": "training steps per second on several devices and processes",
    "estimator": "training steps per second of canned estimators against tf.estimator 2.15",
    "recommend": "recommendations per second against implicit's ALS",
    "estimator_quality": "quality of canned estimators over seeds beside tf.estimator 2.15",
    "translation_speed": "pieces per CPU-second of the translator's training and of its search, beside CTranslate2",
    "translation_training": "pieces per CPU-second of the translator's training beside PyTorch's Transformer",
    "translation_peers": "BLEU and chrF of Apertium, of a phrase-based system trained on --pairs, and of --run",
    "translation_quality": "BLEU and chrF of the translator trained on --pairs, by CPU-seconds of training",
    "quality": "quality and wall time of `gristmill run recommend` over seeds",
}
_LONG = (
    "scale",
    "control",
    "predict",
    "faults",
    "estimator_quality",
    "translation_peers",
    "translation_quality",
    "quality",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the named benchmarks, by default all but the long one, and prints their tables."""
    options = _parser().parse_args(argv)
    names = options.names or [name for name in BENCHMARKS if name not in _LONG]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    warnings.filterwarnings("ignore", module=r"(apache_beam|tensorflow|keras|google|sklearn|lightgbm)\b.*")
    note(machine())
    with tempfile.TemporaryDirectory(prefix="gristmill-bench-") as folder:
        inputs = Inputs(
            Path(folder),
            options.dataset,
            options.run,
            options.preset,
            tuple(options.seeds),
            options.rows,
            tuple(options.scale),
            options.faults,
            options.advisor,
            options.pairs,
            options.phrases,
        )
        for name in names:
            note(f"\n{name}: {BENCHMARKS[name]}")
            try:
                importlib.import_module(f"bench.{name}").run(inputs)
            except GristmillError as error:
                note(f"error: {error}")
                return error.exit_status
    if not options.names:
        note(f"not run: {', '.join(f'python -m bench {name} ({BENCHMARKS[name]}; long)' for name in _LONG)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<18} {text}" for name, text in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        "python -m bench", description=f"benchmarks:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=f"by default all but {' and '.join(_LONG)}"
    )
    parser.add_argument("--dataset", type=Path, help="dataset folder of the app recommend; made where it is not given")
    parser.add_argument(
        "--run", type=Path, help="run folder with lite files; trained and exported where it is not given"
    )
    parser.add_argument("--preset", default="default", help="preset of the models (step, recommend, quality)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="seeds of quality")
    parser.add_argument("--rows", type=int, default=Inputs.rows, help="rows of ingest")
    parser.add_argument("--scale", type=int, nargs="+", default=list(Inputs.scale), help="rows of each run of scale")
    parser.add_argument(
        "--faults", type=int, default=Inputs.faults, help="how many faults; their seed is the first one"
    )
    parser.add_argument("--pairs", type=Path, help="folder with train.tsv.gz and dev.tsv.gz, lines English<TAB>Spanish")
    parser.add_argument("--phrases", type=Path, help="folder in which the phrase-based model is kept for another time")
    parser.add_argument("--advisor", default=Inputs.advisor, help="MODULE:NAME of what makes the advisor of faults")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
