"""Training on several devices, processes and machines."""

from gristmill.training.distribution.mirrored import Mirrored
from gristmill.training.distribution.model_parallel import ModelParallel
from gristmill.training.distribution.multi_worker import MultiWorker
from gristmill.training.distribution.opening import open_distribution
from gristmill.training.distribution.parameter_server import ParameterServer
from gristmill.training.distribution.serving import serve
from gristmill.training.spread import Distribution, current, using

__all__ = [
    "Distribution",
    "Mirrored",
    "ModelParallel",
    "MultiWorker",
    "ParameterServer",
    "current",
    "open_distribution",
    "serve",
    "using",
]
