"""How one method is evaluated on one set, for ``detection.py``."""

import copy
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from article_questions import ask
from data_sets import KNOWN, ONE_CLASS, DataSet, Split, load_data_set
from features import compute_crops
from measuring import find_origin, find_precision
from methods import CONTRAST, RESNET18, Method
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import Calibration

Scored = tuple[np.ndarray, float]


def evaluate(
    name: str,
    method: Method,
    *,
    data_set: str,
    kind: str,
    folder: Path,
    seed: int,
    epochs: int | None,
    resnet18_epochs: int | None,
    device: str = "cpu",
) -> list[dict[str, Any]]:
    """Return the rows of one method on one set, one for each question.

    A method that fails leaves a row that says why.
    """
    start = time.perf_counter()
    data = load_data_set(data_set, folder, seed)
    detector = clone(method.detector).set_params(random_state=seed)
    limits = [epochs, resnet18_epochs if method.cost == RESNET18 else None]
    if "max_epochs" in detector.get_params():
        most = min(each for each in [detector.max_epochs, *limits] if each is not None)
        detector.set_params(max_epochs=most, device=device)
    row = {
        "data_set": data_set,
        "features": kind,
        "seed": seed,
        "method": name,
        "epochs": detector.get_params().get("max_epochs", 0),
    }
    origin = find_origin("skorch", device=device)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    settings: dict[str, None] = {}
    last: tuple[bytes, dict[str, Scored]] = (b"", {})
    answers = None
    try:
        for split in data.splits:
            if not _is_asked(name, method, data, split):
                continue
            crops, words = compute_crops(kind, data_set, folder, seed, split.train)
            settings[words] = None
            train = split.train
            if method.ignores_defects:
                train = train[data.is_normal[train]]
            # Of what was just trained on the scores are known.
            if last[0] != train.tobytes():
                _fit(detector, data, train, crops)
                last = train.tobytes(), _score(method, detector, data, split, crops)
            if data_set == "article" and KNOWN in split.tests:
                plain = _find_plain(method, detector, data, train, crops)
                if plain is not None:
                    scores, threshold = plain.score_samples(crops), plain.offset_
                    last[1][""] = scores, threshold
                    alarm = scores < threshold
                    answers = ask(data, split, crops, plain, scores, alarm)
            for label, scored in last[1].items():
                for question, measured in _measure(data, split, *scored):
                    found.setdefault((label, question), []).append(measured)
                    if _is_one_class_too(method, split, label):
                        found.setdefault((label, ONE_CLASS), []).append(measured)
    # Whatever a method raises, the others go on.
    except Exception as error:
        # Where the recordings lie on this machine says nothing.
        failure = " ".join(str(error).replace(f"{folder}/", "").split())[:300]
        return [{**row, **origin, "failure": failure}]
    origin["precision"] = find_precision(detector)
    row["settings"] = " / ".join(settings)
    row["seconds"] = round(time.perf_counter() - start, 1)
    rows = []
    for (label, question), folds in found.items():
        cells = {**_average(folds), "method": name + label, "question": question}
        if answers and not label and question == KNOWN:
            # Of the scores without contrast.
            cells["answers"] = json.dumps(answers)
        rows.append({**row, **origin, **cells})
    return rows


def _is_asked(name: str, method: Method, data: DataSet, split: Split) -> bool:
    if method.is_brief and not split.brief:
        return False
    if method.trains and ONE_CLASS in split.tests:
        # Where there are known defects, networks are trained with them alone.
        has_known = any(KNOWN in each.tests for each in data.splits)
        return not has_known and not method.needs_defects
    # Elsewhere contrast changes no rank.
    return not name.endswith(CONTRAST) or has_contrast(data, split)


def _is_one_class_too(method: Method, split: Split, label: str) -> bool:
    """Return whether a network was trained on normal takes of a split alone.

    Then its scores without contrast are those without known defects. On the floor
    these are asked for other takes.
    """
    is_trained = method.trains and not method.needs_defects
    return is_trained and not label and list(split.tests) == [KNOWN]


def has_contrast(data: DataSet, split: Split) -> bool:
    """Return whether two abnormal specimens are trained on: fewer do not count."""
    boards = set(data.board[split.train].tolist()) - set(data.normal_boards)
    return len({data.specimens[board] for board in boards}) > 1


def _fit(detector: Any, data: DataSet, train: np.ndarray, crops: np.ndarray) -> None:
    if "normal_boards" in detector.get_params():
        chosen = set(data.board[train].tolist())
        detector.set_params(
            normal_boards=[each for each in data.normal_boards if each in chosen],
            specimens=data.specimens,
            calibration=Calibration(by=data.calibration_by),
        )
    with warnings.catch_warnings():
        # Too few takes for the rate, too few specimens to contrast: tables show it.
        warnings.simplefilter("ignore")
        detector.fit(crops[train], data.board[train])


def _score(
    method: Method, detector: Any, data: DataSet, split: Split, crops: np.ndarray
) -> dict[str, Scored]:
    """Return scores and threshold; of a network with contrast also those without."""
    scored = detector.score_samples(crops), detector.offset_
    if not (method.trains and detector.contrast and has_contrast(data, split)):
        return {"": scored}
    plain = copy.copy(detector)
    plain.normality_ = detector.normality_.normality_
    # The threshold without it is unknown.
    return {"": (plain.score_samples(crops), np.nan), CONTRAST: scored}


def _find_plain(
    method: Method, detector: Any, data: DataSet, train: np.ndarray, crops: np.ndarray
) -> Any:
    """Return the detector without contrast, fitted; None of peers and of contrasts."""
    if method.trains and detector.contrast:
        plain = clone(detector).set_params(contrast=False)
        _fit(plain, data, train, crops)
        return plain
    return None if getattr(detector, "contrast", True) else detector


def _measure(
    data: DataSet, split: Split, scores: np.ndarray, threshold: float
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Compute AUROC of taps and of boards, and rates, for each question of a split."""
    for question, test in split.tests.items():
        abnormal = ~data.is_normal[test]
        of_take = scores[test]
        boards = np.unique(data.board[test])
        of_board = [of_take[data.board[test] == board].mean() for board in boards]
        is_bad = ~np.isin(boards, data.normal_boards)
        alarm = np.where(np.isnan(threshold), np.nan, of_take < threshold)
        yield (
            question,
            {
                "auroc": roc_auc_score(abnormal, -of_take),
                "board_auroc": roc_auc_score(is_bad, -np.array(of_board)),
                "fpr": alarm[~abnormal].mean(),
                "tpr": alarm[abnormal].mean(),
            },
        )


def _average(folds: list[dict[str, Any]]) -> dict[str, Any]:
    means = {name: np.mean([fold[name] for fold in folds]) for name in folds[0]}
    return {
        **means,
        "n_folds": len(folds),
        # Rounded: for the worst of them, and for what contrast costs in one.
        "folds": json.dumps([round(float(fold["auroc"]), 4) for fold in folds]),
    }
