"""The tables and curves of a comparison's report, as text and paths."""

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd

from tapsklearn.inspection._methods import color_methods
from tapsklearn.inspection._report_boards import show_name
from tapsklearn.inspection._report_language import Language
from tapsklearn.inspection._roc_curve_display import align_curves, compute_curve
from tapsklearn.scoring import find_detector

# Of the picture of a curve, and of an interval.
_SIDE = 400
_WIDTH = 160
_DASHES = ("", "7 3", "2 3", "10 3 2 3")


def style_methods(
    comparison: Any, ranking: pd.DataFrame | None
) -> dict[str, dict[str, str]]:
    """Choose a colour and dashes for each method.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    ranking : DataFrame or None
        What its `ranking` returned. If None, every method failed.

    Returns
    -------
    dict of dict
        `color` and `dashes` of each, for SVG.
    """
    names = list(
        comparison.results["method"].unique() if ranking is None else ranking.index
    )
    styles = {}
    for place, (name, style) in enumerate(color_methods(names).items()):
        # Black would be lost at night; dashes do without any colour.
        color = style["color"].replace("#000000", "currentColor")
        styles[name] = {"color": color, "dashes": _DASHES[place % len(_DASHES)]}
    return styles


def list_ranking(
    ranking: pd.DataFrame, styles: dict[str, dict[str, str]], words: Language
) -> list[dict[str, Any]]:
    """List the ranking.

    Parameters
    ----------
    ranking : DataFrame
        What `Comparison.ranking` returned.
    styles : dict of dict
        What `style_methods` returned.
    words : Language
        Of the page.

    Returns
    -------
    list of dict
        A row a method.
    """
    rows = []
    for place, (method, row) in enumerate(ranking.iterrows()):
        has_interval = not math.isnan(row["low"])
        middle = (
            None if math.isnan(row["roc_auc"]) else round(_WIDTH * row["roc_auc"], 1)
        )
        if middle is None:
            behind = words.say("failed")
        elif place == 0:
            behind = words.say("best")
        else:
            behind = words.number(row["difference"], 3)
            if not math.isnan(row["difference_low"]):
                behind += f" ({_write_interval(row, words, 'difference_')})"
            if row["tied"]:
                behind += words.say("list") + words.say("tied")
        ends = [row[end] if has_interval else 0.0 for end in ("low", "high")]
        low, high = (round(_WIDTH * end, 1) for end in ends)
        rows.append(
            {
                "method": show_name(str(method)),
                "auroc": words.number(row["roc_auc"], 3),
                "interval": _write_interval(row, words)
                if has_interval
                else words.say("unknown"),
                "behind": behind,
                "middle": middle,
                "marks": (low, middle, high) if has_interval else None,
                **styles[str(method)],
            }
        )
    return rows


def _write_interval(row: Any, words: Language, prefix: str = "") -> str:
    low, high = (words.number(row[f"{prefix}{end}"], 3) for end in ("low", "high"))
    return words.say("low_to_high", low=low, high=high)


def plot_curves(
    comparison: Any, styles: dict[str, dict[str, str]], words: Language
) -> list[dict[str, str]]:
    """Plot the mean curve of each method over its folds.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    styles : dict of dict
        What `style_methods` returned.
    words : Language
        Of the page.

    Returns
    -------
    list of dict
        A path a method, for SVG.
    """
    curves = []
    for method, style in styles.items():
        scores = comparison.scores
        scores = scores[(scores["method"] == method) & scores["score"].notna()]
        folds = [
            compute_curve(part)
            for _, part in scores.groupby("fold")
            if part["condition"].nunique() == 2
        ]
        if not folds:
            continue
        rates, aligned = align_curves([curve for curve, _ in folds])
        points = zip(_SIDE * rates, _SIDE * (1 - aligned.mean(axis=0)), strict=True)
        path = "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
        area = float(np.mean([area for _, area in folds]))
        curves.append(
            {
                "method": show_name(str(method)),
                "path": f"M{path}",
                "area": words.number(area, 3),
                **style,
            }
        )
    return curves


def count_alarms(comparison: Any, rate: float, words: Language) -> list[list[str]]:
    """Count false alarms and detections of takes and of boards.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    rate : float
        False-alarm rate asked for of boards.
    words : Language
        Of the page.

    Returns
    -------
    list of list of str
        A row a method.
    """
    rows = []
    kept = comparison.estimators or {}
    for method in comparison.complete:
        results = comparison.results[comparison.results["method"] == method]
        asked = {
            getattr(find_detector(each), "false_alarm_rate_", math.nan)
            for (name, _), each in kept.items()
            if name == method
        }
        with warnings.catch_warnings():
            # The page says it.
            warnings.simplefilter("ignore", UserWarning)
            verdicts = comparison.verdicts(method, false_alarm_rate=rate)
        called = verdicts["verdict"] == "abnormal"
        has_verdict = verdicts["verdict"] != "no usable take"
        counts = []
        for condition in ("normal", "abnormal"):
            these = (verdicts["condition"] == condition) & has_verdict
            k, n = int(called[these].sum()), int(these.sum())
            counts.append(words.say("n_of_n", k=k, n=n))
        rows.append(
            [
                show_name(str(method)),
                words.percent(asked.pop()) if len(asked) == 1 else words.say("unknown"),
                words.percent(results["fpr"].mean()),
                words.percent(results["tpr"].mean()),
                *counts,
            ]
        )
    return rows


def list_kinds(comparison: Any, words: Language) -> list[list[str]]:
    """List how well each kind of defect is detected.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    words : Language
        Of the page.

    Returns
    -------
    list of list of str
        A row for each method and kind.
    """
    if comparison.kinds is None or not comparison.complete:
        return []
    by_kind = comparison.by_kind().reset_index()
    by_kind = by_kind[by_kind["method"].isin(comparison.complete)]
    return [
        [
            show_name(str(method)),
            words.say("all_kinds") if kind == "all kinds" else show_name(str(kind)),
            str(n_specimens),
            *(
                words.say("unknown") if math.isnan(each) else words.number(each, 3)
                for each in numbers
            ),
        ]
        for method, kind, n_specimens, *numbers in by_kind.itertuples(index=False)
    ]


def describe_features(comparison: Any, words: Language) -> list[str]:
    """Describe the features of all folds, in a line if they are the same.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    words : Language
        Of the page.

    Returns
    -------
    list of str
        A line each.
    """
    described = comparison.describe_features()
    if len(described) == 1:
        return described
    return [
        words.say("features_fold", fold=fold, features=each)
        for fold, each in enumerate(described)
    ]
