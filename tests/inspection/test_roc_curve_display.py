"""ROC curves: those of scikit-learn in each fold, averaged without loss."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from tapsklearn.inspection import RocCurveDisplay


def make_scores(*, n_methods=2, n_folds=3, seed=0):
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(n_methods):
        for fold in range(n_folds):
            # Folds differ in size, and whole numbers make ties.
            n_normal, n_abnormal = rng.integers(5, 20, size=2)
            condition = np.repeat(["normal", "abnormal"], [n_normal, n_abnormal])
            shift = number * (condition == "normal")
            parts.append(
                pd.DataFrame(
                    {
                        "method": f"method {number}",
                        "fold": fold,
                        "condition": condition,
                        "score": (
                            3 * (rng.normal(size=len(condition)) + shift)
                        ).round(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def areas_of(scores, method):
    return np.array(
        [
            roc_auc_score(part["condition"] == "abnormal", -part["score"])
            for _, part in scores[scores["method"] == method].groupby("fold")
        ]
    )


def legend_of(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_the_folds_have_the_curves_of_scikit_learn():
    scores = make_scores()
    display = RocCurveDisplay.from_scores(scores, spread="folds")
    for method, lines in display.fold_lines_.items():
        parts = scores[scores["method"] == method].groupby("fold")
        assert len(lines) == 3
        for line, (_, part) in zip(lines, parts, strict=True):
            fpr, tpr, _ = roc_curve(part["condition"] == "abnormal", -part["score"])
            np.testing.assert_array_equal(line.get_xdata(), fpr)
            np.testing.assert_array_equal(line.get_ydata(), tpr)


@pytest.mark.parametrize("seed", range(5))
def test_the_area_under_the_mean_curve_is_the_mean_area(seed):
    scores = make_scores(seed=seed)
    display = RocCurveDisplay.from_scores(scores)
    for method, line in display.lines_.items():
        area = auc(line.get_xdata(), line.get_ydata())
        assert area == pytest.approx(areas_of(scores, method).mean(), abs=1e-12)
        assert (np.diff(line.get_ydata()) >= -1e-12).all()
        assert (line.get_xdata()[0], line.get_ydata()[0]) == (0, 0)
        assert (line.get_xdata()[-1], line.get_ydata()[-1]) == (1, 1)


def test_the_mean_curve_of_one_fold_is_its_curve():
    scores = make_scores(n_folds=1, n_methods=1)
    display = RocCurveDisplay.from_scores(scores)
    fpr, tpr, _ = roc_curve(scores["condition"] == "abnormal", -scores["score"])
    line = display.lines_["method 0"]
    plotted = set(zip(line.get_xdata(), line.get_ydata().round(12), strict=True))
    assert set(zip(fpr, tpr.round(12), strict=True)) <= plotted
    area = areas_of(scores, "method 0")[0]
    assert legend_of(display) == [f"method 0: {area:.3f}", "chance: 0.5"]


def test_the_legend_has_mean_and_deviation_the_best_first():
    scores = make_scores(n_methods=3)
    display = RocCurveDisplay.from_scores(scores)
    expected = []
    for method in ("method 2", "method 1", "method 0"):
        areas = areas_of(scores, method)
        expected.append(f"{method}: {areas.mean():.3f} ± {areas.std(ddof=1):.3f}")
    assert legend_of(display) == [*expected, "chance: 0.5"]


def test_a_long_name_is_shortened_but_not_its_figures():
    scores = make_scores(n_methods=1)
    scores["method"] = "a pipeline with a very long name of its own, tuned"
    label = legend_of(RocCurveDisplay.from_scores(scores))[0]
    assert label.startswith("a pipeline with…its own, tuned: 0.")
    assert "±" in label


def test_bands_are_one_deviation_to_each_side():
    scores = make_scores(n_folds=5)
    # Without ties the curves are steps, and so is their deviation.
    scores["score"] += np.arange(len(scores)) * 1e-6
    display = RocCurveDisplay.from_scores(scores, spread="band")
    assert not display.fold_lines_
    for method, band in display.bands_.items():
        (outline,) = band.get_paths()
        for rate in (0.123, 0.321, 0.507):
            hits = [np.interp(rate, *curve) for curve in display.curves[method]]
            mean, deviation = np.mean(hits), np.std(hits, ddof=1)
            for side in (-1, 1):
                inside = mean + side * 0.97 * deviation
                beyond = mean + side * 1.03 * deviation
                assert outline.contains_point((rate, inside)) == (0 < inside < 1)
                assert not outline.contains_point((rate, beyond))


def test_many_methods_are_plotted_without_their_folds_and_all_look_different():
    display = RocCurveDisplay.from_scores(make_scores(n_methods=12))
    assert not display.fold_lines_
    assert not display.bands_
    lines = display.lines_.values()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 12


def test_methods_can_be_chosen():
    display = RocCurveDisplay.from_scores(
        make_scores(n_methods=4), methods=["method 3", "method 1"]
    )
    assert list(display.lines_) == ["method 3", "method 1"]


def test_takes_without_a_score_are_left_out():
    scores = make_scores(n_methods=1)
    first = scores.index[scores["condition"] == "normal"][0]
    scores.loc[first, "score"] = np.nan
    with pytest.warns(UserWarning, match=rf"method 0: 1 of {len(scores)} takes"):
        display = RocCurveDisplay.from_scores(scores)
    kept = areas_of(scores.drop(index=first), "method 0")
    np.testing.assert_allclose(display.roc_auc["method 0"], kept)


def test_the_legend_names_the_folds_that_a_method_lacks():
    scores = make_scores(n_methods=2)
    scores = scores[(scores["method"] != "method 1") | (scores["fold"] != 2)]
    labels = legend_of(RocCurveDisplay.from_scores(scores))
    assert labels[0].endswith("(2 of 3 folds)")
    assert "folds" not in labels[1]


def test_a_fold_of_one_condition_and_a_method_without_scores_are_left_out():
    scores = make_scores(n_methods=2)
    alone = (scores["fold"] == 1) & (scores["condition"] == "normal")
    scores = scores[~alone]
    scores.loc[scores["method"] == "method 1", "score"] = np.nan
    with pytest.warns(UserWarning, match="left out") as caught:
        display = RocCurveDisplay.from_scores(scores)
    messages = " | ".join(str(warning.message) for warning in caught)
    assert "method 0: fold 1 lacks takes of one condition" in messages
    assert "method 1 has no fold" in messages
    assert list(display.lines_) == ["method 0"]
    assert len(display.roc_auc["method 0"]) == 2


def test_given_axes_are_used(own_axes):
    display = RocCurveDisplay.from_scores(make_scores(), ax=own_axes)
    assert display.ax_ is own_axes
    assert display.figure_ is own_axes.figure
    np.testing.assert_array_equal(display.chance_line_.get_xdata(), [0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: RocCurveDisplay.from_scores(make_scores().drop(columns="score")),
            "scores lacks the columns 'score'.*scores of a comparison",
        ),
        (
            lambda: RocCurveDisplay.from_scores(make_scores(), methods=["svm"]),
            r"methods=\['svm'\] are not in scores",
        ),
        (
            lambda: RocCurveDisplay.from_scores(make_scores(), spread="box"),
            "spread='box'",
        ),
        (
            lambda: RocCurveDisplay.from_scores(make_scores().iloc[:0]),
            "scores has no method",
        ),
    ],
)
def test_errors_name_the_parameter(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_something_else_than_a_table_is_an_error():
    with pytest.raises(TypeError, match="scores is of type tuple"):
        RocCurveDisplay.from_scores((None, None))
