"""Methods side by side: every fold, the mean, and how sure one can be."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tapsklearn.inspection import ComparisonDisplay

AREAS = {"ae": [0.5, 0.6, 0.4], "crop-knn": [0.9, 1.0, 1.0], "vae": [0.7, 0.5, 0.9]}


def make_results(areas=AREAS, **metrics):
    return pd.DataFrame(
        [
            {"method": method, "fold": fold, "roc_auc": area, **metrics}
            for method, of_method in areas.items()
            for fold, area in enumerate(of_method)
        ]
    )


def legend_of(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_the_best_stands_on_top_with_folds_mean_and_deviation():
    display = ComparisonDisplay.from_results(make_results())
    assert display.methods_ == ["crop-knn", "vae", "ae"]
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == display.methods_
    bottom, top = display.ax_.get_ylim()
    assert bottom > top
    for row, method in enumerate(display.methods_):
        areas = np.array(AREAS[method])
        dots, mean = display.folds_[method], display.means_[method]
        np.testing.assert_array_equal(dots.get_xdata(), areas)
        assert (np.abs(dots.get_ydata() - row) < 0.5).all()
        assert len(set(dots.get_ydata())) == 3
        assert (mean.get_xdata()[0], mean.get_ydata()[0]) == (areas.mean(), row)
        deviation = areas.std(ddof=1)
        np.testing.assert_allclose(
            display.intervals_[method].get_xdata(),
            np.clip([areas.mean() - deviation, areas.mean() + deviation], 0, 1),
        )
    assert legend_of(display) == ["fold", "mean", "± 1 sd of the folds", "chance"]
    np.testing.assert_array_equal(display.chance_line_.get_xdata(), [0.5, 0.5])
    assert display.ax_.get_xlabel() == "AUROC"


def test_given_intervals_are_plotted_instead():
    # As of `rank_methods`: further columns, and NaN for a method that lacks a fold.
    intervals = pd.DataFrame(
        {"roc_auc": [0.97, 0.5, 0.7], "low": [0.8, 0.3, None], "high": [1, 0.6, None]},
        index=["crop-knn", "ae", "vae"],
    )
    display = ComparisonDisplay.from_results(
        make_results(), intervals=intervals, interval_label="95 % interval"
    )
    assert list(display.intervals_) == ["crop-knn", "ae"]
    np.testing.assert_array_equal(display.intervals_["ae"].get_xdata(), [0.3, 0.6])
    assert "95 % interval" in legend_of(display)


@pytest.mark.parametrize("metric", ["fpr", "fit_seconds"])
def test_of_rates_and_seconds_the_smallest_is_best(metric):
    results = make_results().rename(columns={"roc_auc": metric})
    display = ComparisonDisplay.from_results(results, metric=metric)
    assert display.methods_ == ["ae", "vae", "crop-knn"]
    assert display.chance_line_ is None
    assert "chance" not in legend_of(display)
    assert display.ax_.get_xscale() == ("log" if "seconds" in metric else "linear")


def test_seconds_that_vary_much_have_no_interval_below_zero():
    results = make_results().assign(fit_seconds=[1, 1, 100] * 3)
    display = ComparisonDisplay.from_results(results, metric="fit_seconds")
    assert display.intervals_["ae"].get_xdata()[0] == 1


def test_a_metric_of_ones_own_is_plotted():
    display = ComparisonDisplay.from_results(
        make_results(cost=1.0), metric="cost", methods=["ae", "vae"]
    )
    assert set(display.methods_) == {"ae", "vae"}
    assert display.ax_.get_xlabel() == "cost"


def test_folds_that_failed_are_left_out():
    areas = {**AREAS, "ae": [0.5, np.nan, 0.7], "triplet": [np.nan] * 3}
    with pytest.warns(UserWarning, match="left out") as caught:
        display = ComparisonDisplay.from_results(make_results(areas))
    messages = [str(warning.message) for warning in caught]
    assert messages == [
        "ae has no roc_auc in 1 of 3 folds, which are left out",
        "triplet has no roc_auc in 3 of 3 folds and is left out",
    ]
    np.testing.assert_array_equal(display.folds_["ae"].get_xdata(), [0.5, 0.7])
    assert "triplet" not in display.methods_


def test_one_fold_has_no_interval():
    display = ComparisonDisplay.from_results(make_results({"ae": [0.5], "b": [0.7]}))
    assert not display.intervals_
    assert legend_of(display) == ["fold", "mean", "chance"]


def test_no_name_is_cut_off_and_no_data_covered():
    areas = {f"a method with a long name, number {i}": [0.5, 0.9] for i in range(12)}
    display = ComparisonDisplay.from_results(make_results(areas))
    display.figure_.draw_without_rendering()
    names = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert min(box.x0 for box in names) >= 0
    assert not any(a.overlaps(b) for a, b in pairwise(names))
    legend = display.legend_.get_window_extent()
    assert legend.y0 >= display.ax_.get_window_extent().y1
    assert legend.y1 <= display.figure_.bbox.y1


def test_given_axes_are_used(own_axes):
    display = ComparisonDisplay.from_results(make_results(), ax=own_axes)
    assert display.ax_ is own_axes
    assert display.figure_ is own_axes.figure


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "f1"}, r"metric='f1' is not in results; there are \['roc_auc'\]"),
        ({"metric": "method"}, "metric='method'"),
        ({"methods": ["svm"]}, r"methods=\['svm'\] are not in results"),
        ({"intervals": pd.DataFrame({"low": [0]})}, "intervals lacks .*'high'"),
        (
            {"intervals": pd.DataFrame({"low": [0.0], "high": [1.0]})},
            "intervals has none of the methods as its index",
        ),
    ],
)
def test_errors_name_the_parameter(options, message):
    with pytest.raises(ValueError, match=message):
        ComparisonDisplay.from_results(make_results(), **options)


def test_a_metric_that_is_nan_everywhere_is_an_error():
    with (
        pytest.warns(UserWarning, match="is left out"),
        pytest.raises(ValueError, match="metric='roc_auc' is NaN for every method"),
    ):
        ComparisonDisplay.from_results(make_results({"ae": [np.nan]}))
