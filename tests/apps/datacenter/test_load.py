"""A load is fractions at even intervals; a step has the mean of those it spans."""

from pathlib import Path

import numpy as np
import pytest

from apps.datacenter.plant import LoadSeries, read_load
from gristmill.errors import InputError


def test_a_step_has_the_mean_of_its_intervals_and_a_short_load_starts_again() -> None:
    load = LoadSeries("made", (0.1, 0.2, 0.3, 0.4), 5)
    np.testing.assert_allclose(load.steps(15, 4), [0.2, 0.7 / 3, 0.8 / 3, 0.3])
    np.testing.assert_allclose(load.steps(5, 5), [0.1, 0.2, 0.3, 0.4, 0.1])


def test_a_long_interval_holds_over_its_steps() -> None:
    np.testing.assert_allclose(LoadSeries("made", (0.1, 0.9), 30).steps(15, 5), [0.1, 0.1, 0.9, 0.9, 0.1])
    with pytest.raises(InputError, match="made: the interval of a load must divide the step"):
        LoadSeries("made", (0.1,), 10).steps(15, 1)


@pytest.mark.parametrize("value", ["1.01", "-0.1", "nan"])
def test_a_load_outside_0_to_1_is_named(value: str, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text(f"load\n0.5\n{value}\n")
    with pytest.raises(InputError, match=rf"load\.csv, row 2: a load must be from 0 to 1\. Received: {value}"):
        read_load(str(tmp_path / "load.csv"))


def test_other_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("time,power\n1,2\n")
    with pytest.raises(InputError, match=r"load\.csv: a load must have a column `load`\. Received: time, power"):
        read_load(str(tmp_path / "load.csv"))
    (tmp_path / "load.csv").write_text("load\nhigh\n")
    with pytest.raises(InputError, match=r"load\.csv, row 1: `load` must be a number\. Received: 'high'"):
        read_load(str(tmp_path / "load.csv"))
    (tmp_path / "load.csv").write_text("load\n")
    with pytest.raises(InputError, match="must have one row or more"):
        read_load(str(tmp_path / "load.csv"))
    (tmp_path / "load.csv").write_text("")
    with pytest.raises(InputError, match=r"load\.csv: a load must have a column `load`\. Received: an empty file"):
        read_load(str(tmp_path / "load.csv"))
    with pytest.raises(InputError, match=r"load file .*none\.csv is not there"):
        read_load(str(tmp_path / "none.csv"))
    with pytest.raises(InputError, match="unknown load 'google2018'; did you mean 'google2019'"):
        read_load("google2018")


def test_the_cluster_load_is_28_days_of_5_minutes() -> None:
    load = read_load("google2019")
    assert (len(load.values), load.minutes) == (28 * 24 * 12, 5)
    assert load.values[0] == pytest.approx(0.4416155843647663)
