"""Where tests run in several processes (`-n 2`), those that share what is costly to make run in the same one."""

from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)  # the same examples on every machine
settings.load_profile("repeatable")

_AS_ONE = ("tests/gristmill/cli", "tests/gristmill/lite")  # their tests share what one of them trained or converted


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False  # short files come last, so that no process waits long for the other
    return Together(config, log)


def group(nodeid: str) -> str:
    """A member of the conformance suite, a folder, or a file."""
    file, _, test = nodeid.partition("::")
    folder = file.rpartition("/")[0]
    if folder == "tests/gristmill/conformance":
        return test.partition("[")[2]
    return folder if folder in _AS_ONE else file
