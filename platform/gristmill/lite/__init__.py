"""Small models for phones, servers and browsers: convert, quantize, compare, measure, run."""

from gristmill.gate import Gate, check
from gristmill.lite.bundle import Bundle, attach, read_assets, read_bundle, write_bundle
from gristmill.lite.conversion import Job, convert, convert_all, convert_jobs
from gristmill.lite.float32 import save_float32
from gristmill.lite.formats import FORMATS, choose_formats
from gristmill.lite.keras_entry import KerasEntry, convert_keras, keras_entry
from gristmill.lite.latency import Latency, measure
from gristmill.lite.parity import Difference, compare, top_k_agreement
from gristmill.lite.report import LiteRecord, record_file
from gristmill.lite.rounding import round_to_int8
from gristmill.lite.runtime import LiteModel, LiteSignature
from gristmill.lite.saved_model import export_saved_model
from gristmill.lite.signature import Signature, TensorKind
from gristmill.lite.weights import check_weights, count_weights

__all__ = [
    "Bundle",
    "Difference",
    "FORMATS",
    "Gate",
    "Job",
    "KerasEntry",
    "Latency",
    "LiteModel",
    "LiteRecord",
    "LiteSignature",
    "Signature",
    "TensorKind",
    "attach",
    "check",
    "check_weights",
    "choose_formats",
    "compare",
    "convert",
    "convert_all",
    "convert_jobs",
    "convert_keras",
    "count_weights",
    "export_saved_model",
    "keras_entry",
    "measure",
    "read_assets",
    "read_bundle",
    "record_file",
    "round_to_int8",
    "save_float32",
    "top_k_agreement",
    "write_bundle",
]
