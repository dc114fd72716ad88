"""Each member is trained once, and its tests follow one another."""

import pytest

from tests.gristmill.conformance.members import MEMBERS
from tests.gristmill.conformance.trained import Trained, train


@pytest.fixture(params=MEMBERS, scope="session")
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(MEMBERS[request.param], tmp_path_factory.mktemp(request.param))
