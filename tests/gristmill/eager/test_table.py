"""Steps as text."""

from gristmill import eager

OUTPUT = eager.LayerOutput("cut", (1, 2), "float32", 0.0, 1.0, 0.5, 0.5, 0)
STEP = eager.StepRecord(3, 0.1234567, {"a": 3.0, "b": 4.0}, 5.0, (0.01,), 0.25, (OUTPUT,))


def test_a_step_is_a_row_with_its_largest_gradient() -> None:
    made = eager.table([STEP])
    assert made.headings == ("step", "loss", "gradient norm", "largest gradient", "learning rate", "seconds")
    assert made.rows == [("3", "0.12346", "5", "b 4", "0.01", "0.250")]


def test_a_step_that_trains_nothing_has_empty_cells() -> None:
    assert eager.table([eager.StepRecord(1, 2.0, {}, 0.0, (), 0.0)]).rows == [("1", "2", "0", "", "", "0.000")]


def test_an_output_is_a_row() -> None:
    made = eager.layer_table([STEP])
    assert made.headings == ("step", "layer", "shape", "type", "min", "max", "mean", "zeros")
    assert made.rows == [("3", "cut", "[1, 2]", "float32", "0", "1", "0.5", "50%")]


def test_what_has_no_figures_has_empty_cells() -> None:
    text = eager.LayerOutput("words", (2,), "string", None, None, None, 0.0, 0)
    assert eager.layer_table([eager.StepRecord(1, 0.0, {}, 0.0, (), 0.0, (text,))]).rows[0][4:7] == ("", "", "")
