"""Each test starts with an empty process' own store and ends with no open scope."""

from collections.abc import Iterator

import pytest

from gristmill import layers


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    layers.reset()
    yield
    assert layers.current_store().root.path == ""
    layers.reset()
