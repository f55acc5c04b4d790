"""The last sentence of a comparison claims no more than its intervals."""

import pandas as pd
import pytest

from tapsklearn.cli._ranking import conclude, print_ranking


def make_ranking(**rows):
    columns = ["roc_auc", "low", "high", "behind_low", "behind_high"]
    ranking = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    ranking["behind"] = ranking["roc_auc"].iloc[0] - ranking["roc_auc"]
    ranking["as_good"] = ranking["behind_low"] <= 0
    return ranking


RESULTS = pd.DataFrame(
    {"method": ["slow", "quick", "quick"], "fit_seconds": [60.0, 1.0, 3.0]}
)


@pytest.mark.parametrize(
    ("slow", "quick", "sentence"),
    [
        (
            [0.95, 0.9, 1.0, 0, 0],
            [0.7, 0.6, 0.8, 0.1, 0.4],
            "Use slow: its AUROC, 0.95 (0.90 to 1.00), is the highest beyond chance.",
        ),
        (
            [0.95, 0.9, 1.0, 0, 0],
            [0.9, 0.8, 1.0, -0.1, 0.2],
            "No clear winner: the AUROC of slow is the highest, 0.95 (0.90 to 1.00), "
            "but quick may be as good, these boards cannot tell. Of these, quick "
            "trains quickest.",
        ),
        (
            [0.6, 0.45, 0.8, 0, 0],
            [0.5, 0.4, 0.6, -0.1, 0.2],
            "None hears the difference for certain: the AUROC of the best, slow, is "
            "0.60 (0.45 to 0.80), and 0.5 is chance. More boards would tell.",
        ),
    ],
)
def test_the_sentence(slow, quick, sentence):
    assert conclude(make_ranking(slow=slow, quick=quick), RESULTS) == sentence


def test_the_table_holds_both_intervals(capsys):
    print_ranking(make_ranking(a=[0.9, 0.8, 1.0, 0, 0], b=[0.7, 0.5, 0.9, 0.1, 0.3]))
    lines = capsys.readouterr().out.splitlines()
    for line, figures in [
        (lines[2], "a 0.900 0.800 to 1.000 0.000 0.000 to 0.000"),
        (lines[3], "b 0.700 0.500 to 0.900 0.200 0.100 to 0.300"),
    ]:
        assert " ".join(line.split()) == figures
    assert max(map(len, lines)) <= 80
