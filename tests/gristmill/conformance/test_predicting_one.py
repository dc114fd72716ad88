"""What an example gets does not depend on the others of its batch."""

import numpy as np

from tests.gristmill.conformance.trained import Trained, check_same


def test_one_example_is_told_what_it_is_told_in_a_batch(trained: Trained) -> None:
    alone = list(trained.estimator.predict(trained.member.given(batch=1), yield_single_examples=False))
    joined = {name: np.concatenate([one[name] for one in alone]) for name in alone[0]}
    check_same(joined, trained.told, 1e-6)
