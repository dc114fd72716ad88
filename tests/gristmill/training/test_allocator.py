"""What `keep_memory` promises, seen by the page faults of a process of its own."""

import platform
import subprocess
import sys

import pytest

from gristmill.training import allocator

_FAULTS = """
import resource, runpy, sys
import numpy as np
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.empty(64 * 2**20, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
as_it_comes = faults()
runpy.run_path(sys.argv[1])["keep_memory"]()
faults()
print(as_it_comes, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_memory_is_used_again_without_page_faults() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS, allocator.__file__], capture_output=True, text=True, check=True
    )
    as_it_comes, kept = map(int, done.stdout.split())
    assert kept < 100 < as_it_comes
