"""The predictor: windows without a look ahead, intervals that hold what they say, and what it says of itself."""

from dataclasses import replace

import keras
import numpy as np
import pyarrow as pa
import pytest

from apps.datacenter.config import PredictConfig
from apps.datacenter.predict import (
    Layout,
    Predictor,
    Series,
    Windows,
    attributions,
    estimator_inputs,
    layout_of,
    predict,
    series_of_table,
    train_predictor,
    what_if,
    windows_of,
)
from apps.datacenter.predict.calibration import conformal_margin
from apps.datacenter.predict.features import feature_names
from apps.datacenter.predict.measures import errors, intervals
from apps.datacenter.predict.peers import PEERS, peers_of
from apps.datacenter.predict.training import feature_model
from gristmill.errors import InputError
from gristmill.estimator import BoostedTreesRegressor, DNNRegressor

CONFIG = PredictConfig(
    window=6, members=2, width=16, demand_width=8, epochs=6, batch=32, trees=20, leaves=8, average=0.9
)


def plant(steps: int = 400, minutes: int = 20, seed: int = 0) -> pa.Table:
    """A made-up plant: cooling falls as its one set-point rises, follows the weather, and has two equal sensors."""
    rng = np.random.default_rng(seed)
    hours = np.arange(steps) * minutes / 60
    outdoor = 15 + 8 * np.sin(hours * np.pi / 12) + rng.normal(0, 0.2, steps)
    supply = rng.uniform(14, 24, steps // 4 + 1).repeat(4)[:steps]
    it = 60 + 5 * np.sin(hours * np.pi / 12 + 1) + rng.normal(0, 0.2, steps)
    cooling = 20 + 0.5 * (outdoor - 15) - 0.8 * (supply - 19)
    start = np.datetime64("2024-01-01T00:00:00", "ms")
    return pa.table(
        {
            "time": start + np.arange(steps) * np.timedelta64(minutes, "m"),
            "action_supply_c": supply,
            "outdoor_c": outdoor,
            "roof_c": outdoor,
            "idle": np.zeros(steps),
            "it_power_kw": it,
            "total_power_kw": it + cooling,
            "pue": (it + cooling) / it,
        }
    )


@pytest.fixture(scope="module")
def series() -> Series:
    return series_of_table(plant())


@pytest.fixture(scope="module")
def layout(series: Series) -> Layout:
    return layout_of(series, CONFIG)


@pytest.fixture(scope="module")
def model(series: Series, layout: Layout) -> Predictor:
    keras.utils.set_random_seed(0)
    return train_predictor(layout, (windows_of(series, layout, 0), windows_of(series, layout, 1)), CONFIG, 0)


@pytest.fixture(scope="module")
def test(series: Series, layout: Layout) -> Windows:
    return windows_of(series, layout, 2)


def test_columns_that_never_change_or_repeat_another_are_left_out(layout: Layout) -> None:
    assert layout.sensors == ("total_power_kw", "it_power_kw", "pue", "outdoor_c")
    assert layout.set_points == ("action_supply_c",)
    assert layout.left_out == {"idle": "never changes", "roof_c": "repeats outdoor_c"}
    assert Layout.of(layout.to_json()) == layout


def test_leads_are_the_next_step_and_the_one_an_hour_later(series: Series, layout: Layout) -> None:
    assert (layout.ahead, layout.leads) == (3, (1, 3))
    hourly = layout_of(series_of_table(plant(minutes=60)), CONFIG)
    assert (hourly.ahead, hourly.leads) == (1, (1,))
    assert len(feature_names(hourly)) == len(feature_names(layout))


def test_a_window_is_what_stands_before_and_the_truth_what_comes(series: Series, layout: Layout) -> None:
    found = windows_of(series, layout, 0)
    assert found.first[0] == 6
    assert len(found) == 280 - 6 - 2  # of the first .7, with the window before and the hour after
    np.testing.assert_allclose(found.past[0, :, 0], series.column("total_power_kw")[:6], rtol=1e-6)
    np.testing.assert_allclose(found.planned[0, :, 0], series.column("action_supply_c")[6:9], rtol=1e-6)
    np.testing.assert_array_equal(found.truth[0, :, 1], series.column("total_power_kw")[[6, 8]])
    np.testing.assert_allclose(found.calendar[0], [2.0, 2.0 / 24])  # the third hour of a Monday
    later = windows_of(series, layout, 1)
    assert later.first[0] == 280  # its past reaches back into the training split


def test_windows_cross_no_gap(series: Series, layout: Layout) -> None:
    broken = replace(series, run=(np.arange(len(series.run)) >= 100).astype(np.int64))
    first = windows_of(broken, layout, 0).first
    assert not set(first) & set(range(98, 106))
    assert {97, 106} <= set(first)


def test_windows_whose_truth_is_missing_are_left_out_and_counted(series: Series, layout: Layout) -> None:
    values = series.values.copy()
    values[50, series.names.index("total_power_kw")] = np.nan
    found = windows_of(replace(series, values=values), layout, 0)
    assert found.dropped == 2  # as the next step, and as the one an hour later
    assert not {48, 50} & set(found.first)
    assert np.isnan(found.past).any()


def test_no_prediction_sees_what_is_measured_later(series: Series, layout: Layout, model: Predictor) -> None:
    step = 350
    values = series.values.copy()
    measured = [place for place, name in enumerate(series.names) if not name.startswith("action_")]
    values[step:, measured] += 7.0
    before, after = (
        windows_of(each, layout, 2).inputs(slice(step - 340, step - 339))
        for each in (series, replace(series, values=values))
    )
    assert windows_of(series, layout, 2).first[step - 340] == step
    for name, found in model(after).items():
        np.testing.assert_array_equal(found, model(before)[name])


def test_what_is_missing_is_filled_in(model: Predictor, test: Windows) -> None:
    inputs = test.inputs(slice(0, 1))
    inputs["past"] = np.full_like(inputs["past"], np.nan)
    for found in model(inputs).values():
        assert np.isfinite(found.numpy()).all()


def test_it_is_better_than_the_last_value_and_its_ends_are_in_order(model: Predictor, test: Windows) -> None:
    found = predict(model, test)
    assert (np.diff(found, axis=-1) >= 0).all()
    last = np.repeat(test.past[:, -1, [2, 0]][:, None], 2, axis=1)
    ours, persistence = errors(found[..., 1], test.truth), errors(last, test.truth)
    assert all(ours[name] < persistence[name] for name in ours)
    held = intervals(found, test.truth)
    assert all(0.5 < held[f"{name}_coverage_{lead}"] <= 1 for name in ("pue", "power") for lead in ("step", "hour"))


def test_a_margin_holds_the_share_that_was_asked_for() -> None:
    truth = np.arange(1.0, 100.0)
    zeros = np.zeros(99)
    assert conformal_margin(zeros, zeros, truth, 0.9) == 90.0  # 90 of 99 lie within, and a new one with 90%
    assert conformal_margin(zeros - 200, zeros + 200, truth, 0.9) == -110.0  # wide ones may be narrower


def test_a_saved_predictor_says_the_same(model: Predictor, test: Windows, tmp_path) -> None:
    model.save(tmp_path / "predict.keras")
    again = keras.saving.load_model(tmp_path / "predict.keras", compile=False)
    np.testing.assert_array_equal(predict(again, test), predict(model, test))


def test_a_curve_over_a_set_point(model: Predictor, test: Windows) -> None:
    window = test.inputs(slice(0, 1))
    curve = what_if(model, window, "action_supply_c", [15.0, 19.0, 23.0])
    assert curve["value"].to_pylist() == [15.0, 15.0, 19.0, 19.0, 23.0, 23.0]
    assert curve["minutes"].to_pylist() == [20.0, 60.0] * 3
    assert curve["power_kw"][1].as_py() > curve["power_kw"][5].as_py()  # warmer supply air costs less here
    assert all(
        low <= high for low, high in zip(curve["pue_low"].to_pylist(), curve["pue_high"].to_pylist(), strict=True)
    )
    with pytest.raises(InputError, match="action_supply_c"):
        what_if(model, window, "action_suply_c", [20.0])
    with pytest.raises(InputError, match="at least one"):
        what_if(model, window, "action_supply_c", [])


def test_attributions_add_up_and_name_the_set_point(model: Predictor, test: Windows, series: Series) -> None:
    window = test.inputs(slice(3, 4))
    window["past"] = window["past"].copy()
    usual = windows_of(series, model.layout, 0).inputs()
    usual["planned"], window["planned"] = np.full_like(usual["planned"], 14.0), np.full_like(window["planned"], 24.0)
    found = attributions(model, window, usual, "power_kw", samples=16)
    about = {name.decode(): float(value) for name, value in found.schema.metadata.items()}
    assert sum(found["contribution"].to_pylist()) == pytest.approx(about["prediction"] - about["usual"], abs=1e-3)
    assert set(found["column"].to_pylist()) == {*model.layout.columns, "time"}
    shares = dict(zip(found["column"].to_pylist(), found["contribution"].to_pylist(), strict=True))
    assert shares["action_supply_c"] < -1.0
    with pytest.raises(InputError, match="power_kw"):
        attributions(model, window, usual, "power")


def test_peers_on_the_same_features(series: Series, layout: Layout, test: Windows) -> None:
    parts = (windows_of(series, layout, 0), windows_of(series, layout, 1), test)
    peers = peers_of(feature_model(layout, parts[0], CONFIG), parts, thorough=False, seed=0)
    np.testing.assert_allclose(PEERS["persistence"](peers)[:, 0, 1], test.past[:, -1, 0], rtol=1e-5)
    ridge, last = (errors(PEERS[name](peers), test.truth) for name in ("ridge", "persistence"))
    assert ridge["power_mae_step_kw"] < last["power_mae_step_kw"]


@pytest.mark.parametrize("kind", ["trees", "network"])
def test_an_estimator_learns_from_the_same_windows(series: Series, kind: str, tmp_path) -> None:
    data = estimator_inputs(series, "total_power_kw", "step", CONFIG)
    if kind == "trees":
        estimator = BoostedTreesRegressor(data.columns, 1, tmp_path, n_trees=20, max_depth=3, train_in_memory=True)
        estimator.train(data.input_fn("train", batch=len(data.labels["train"]), epochs=1))
    else:
        estimator = DNNRegressor([16], data.columns, tmp_path, optimizer=keras.optimizers.Adam(1e-2))
        estimator.train(data.input_fn("train", batch=32), steps=150)
    changes = [row["predictions"][0] for row in estimator.predict(data.input_fn("test", epochs=1))]
    truth = data.truth["test"]
    base = data.values("test", np.zeros(len(truth)))
    assert np.abs(data.values("test", changes) - truth).mean() < 0.9 * np.abs(base - truth).mean()


def test_an_unknown_lead_or_target_is_told(series: Series) -> None:
    with pytest.raises(InputError, match="hour"):
        estimator_inputs(series, "pue", "hours", CONFIG)
    with pytest.raises(InputError, match="total_power_kw"):
        estimator_inputs(series, "total_power", "hour", CONFIG)


def test_a_power_that_is_missing_is_named() -> None:
    with pytest.raises(InputError, match="`total_power_kw` must be among"):
        series_of_table(plant().drop_columns(["total_power_kw"]))


def test_set_points_may_be_named(series: Series) -> None:
    named = layout_of(series, CONFIG.model_copy(update={"set_points": ("roof_c",)}))
    assert named.set_points == ("roof_c",)
    assert "action_supply_c" not in named.columns
    with pytest.raises(InputError, match="roof_c"):
        layout_of(series, CONFIG.model_copy(update={"set_points": ("rof_c",)}))


def test_too_short_a_series_is_told(layout: Layout) -> None:
    with pytest.raises(InputError, match=r"validation split must hold 3 steps .* none among its 2 steps"):
        windows_of(series_of_table(plant(12)), layout, 1)
