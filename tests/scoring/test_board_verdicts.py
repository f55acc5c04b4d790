"""Verdicts on boards: true to their false-alarm rate although taps are alike."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import combine_pvalues, norm

from tapsklearn.scoring import board_verdicts, verdict_curve
from tapsklearn.scoring._board_verdicts import COMBINATIONS

p_value_lists = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def make_p_values(correlation, *, n_boards=400, n_taps=20, shift=0.0, seed=0):
    """Draw p-values, uniform each, of boards whose taps are alike."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n_boards, 1))
    own = rng.normal(size=(n_boards, n_taps))
    z = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own + shift
    return norm.sf(z).ravel(), np.repeat(np.arange(n_boards), n_taps)


def alarm_rate(p_values, boards, **options):
    verdicts = board_verdicts(p_values, boards, **options)
    return (verdicts["verdict"] == "abnormal").mean()


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("n_taps", [1, 2, 5, 20])
def test_normal_boards_are_called_abnormal_no_more_often_than_asked(
    correlation, n_taps
):
    p_values, boards = make_p_values(correlation, n_boards=1500, n_taps=n_taps)
    rate = alarm_rate(p_values, boards, false_alarm_rate=0.1)
    assert rate < 0.1 + 3 * np.sqrt(0.1 * 0.9 / 1500)


def test_methods_for_independent_taps_keep_the_rate_only_then():
    independent, boards = make_p_values(0.0, n_boards=1500)
    alike, _ = make_p_values(0.5, n_boards=1500)
    for method in ("fisher", "stouffer"):
        rate = alarm_rate(independent, boards, false_alarm_rate=0.1, combine=method)
        assert abs(rate - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 1500)
        assert alarm_rate(alike, boards, false_alarm_rate=0.1, combine=method) > 0.2


def test_defects_are_found_and_better_with_more_taps():
    p_values, boards = make_p_values(0.3, shift=2.0)
    assert alarm_rate(p_values, boards) > 0.5
    single, its_boards = make_p_values(0.3, shift=2.5, n_taps=1)
    many, their_boards = make_p_values(0.3, shift=2.5, n_taps=20)
    assert alarm_rate(many, their_boards) > alarm_rate(single, its_boards)


@given(p_value_lists)
def test_the_median_rule_is_that_of_rueger(p_values):
    combined = board_verdicts(p_values, ["a"] * len(p_values), false_alarm_rate=0.999)
    n_taps, k = len(p_values), (len(p_values) + 1) // 2
    expected = min(1, sorted(p_values)[k - 1] * n_taps / k)
    assert combined.loc["a", "p_value"] == pytest.approx(expected)


@given(p_value_lists, st.sampled_from(COMBINATIONS[1:]))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_others_are_scipys(p_values, method):
    p_values = np.clip(p_values, 1e-9, 1 - 1e-9)
    found = board_verdicts(p_values, ["a"] * len(p_values), combine=method)
    expected = combine_pvalues(p_values, method=method).pvalue
    np.testing.assert_allclose(found["p_value"], expected)


@given(st.lists(st.floats(0.01, 0.02), min_size=5, max_size=30))
def test_two_taps_in_five_do_not_turn_a_verdict(p_values):
    p_values = np.array(p_values)
    boards = np.repeat("a", len(p_values))
    p_values[: len(p_values) * 2 // 5] = 1.0
    assert board_verdicts(p_values, boards).loc["a", "verdict"] == "abnormal"
    turned = np.where(np.arange(len(p_values)) < len(p_values) * 2 // 5, 0.001, 0.5)
    assert board_verdicts(turned, boards).loc["a", "verdict"] == "normal"


def test_the_table():
    table = board_verdicts(
        [0.5, 0.01, np.nan, np.nan, 0.01, 0.03, 0.02],
        ["oak", "ash", "ash", "板", "ash", "oak", "ash"],
        scores=[-1.0, -9.0, np.nan, np.nan, -7.0, -3.0, -8.0],
    )
    expected = pd.DataFrame(
        {
            "n_taps": [2, 3, 0],
            "n_unusual": [1, 3, 0],
            "median_score": [-2.0, -8.0, np.nan],
            "p_value": [0.06, 0.015, np.nan],
            "verdict": ["normal", "abnormal", "no usable take"],
        },
        index=pd.Index(["oak", "ash", "板"], name="board"),
    )
    pd.testing.assert_frame_equal(table, expected)


def test_too_coarse_p_values_are_told_with_what_is_needed():
    with pytest.warns(UserWarning, match="at least 39 normal takes"):
        board_verdicts([0.04] * 6, ["oak"] * 6)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0.5, 0.5], ["a"]), {}, "inconsistent"),
        (([-3.0], ["a"]), {}, "are they scores"),
        (([0.5], ["a"]), {"false_alarm_rate": 1.5}, "false_alarm_rate=1.5"),
        (([0.5], ["a"]), {"combine": "vote"}, "must be one of median, fisher"),
    ],
)
def test_wrong_input_is_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        board_verdicts(*arguments, **options)


def test_the_curve_ends_in_the_verdicts_and_rises_to_them():
    normal, boards = make_p_values(0.3, n_boards=40)
    cracked, _ = make_p_values(0.3, n_boards=40, shift=2.5, seed=1)
    p_values = np.concatenate([normal, cracked])
    boards = np.concatenate([boards, boards + 40])
    curve = verdict_curve(p_values, boards, normal_boards=range(40), n_repeats=20)
    assert curve["n_taps"].tolist() == list(range(1, 21))
    final = board_verdicts(p_values, boards)["verdict"] == "abnormal"
    assert curve["tpr"].iloc[-1] == final.iloc[40:].mean()
    assert curve["fpr"].iloc[-1] == final.iloc[:40].mean()
    assert curve["tpr"].iloc[-1] > curve["tpr"].iloc[0]
    single = (cracked <= 0.05).mean()
    assert abs(curve["tpr"].iloc[0] - single) < 0.05
    again = verdict_curve(p_values, boards, normal_boards=range(40), n_repeats=20)
    pd.testing.assert_frame_equal(curve, again)


def test_the_curve_without_normal_boards_or_taps():
    curve = verdict_curve([0.01, 0.02, np.nan], ["a", "a", "a"], normal_boards=[])
    assert len(curve) == 2
    assert curve["fpr"].isna().all()
    with pytest.raises(ValueError, match="no board has a usable tap"):
        verdict_curve([np.nan], ["a"], normal_boards=["a"])
