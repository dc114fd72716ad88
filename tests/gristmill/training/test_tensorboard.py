"""What TensorBoard is given to show."""

from pathlib import Path

import tensorflow as tf

from gristmill.training import TensorBoard


def test_losses_and_figures_stand_at_their_steps(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    board.looked(2, [1.0, 2.0])
    board.epoch(1, 2, {"ndcg": 0.25})
    (path,) = tmp_path.iterdir()
    events = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    found = {}
    for event in map(tf.compat.v1.Event.FromString, events):
        for value in event.summary.value:
            found[value.tag] = (
                event.step,
                float(tf.make_ndarray(value.tensor)),
                value.metadata.plugin_data.plugin_name,
            )
    assert found == {"loss": (2, 1.5, "scalars"), "epoch/ndcg": (2, 0.25, "scalars")}
