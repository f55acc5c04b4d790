"""Several novelties in one score: none has to be chosen, and none spoils the others."""

import numpy as np
import pytest
from methods import NORMAL, make_crops
from scipy.special import logsumexp
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from tapsklearn.detectors import (
    EncoderDetector,
    JoinedDetector,
    JoinedScore,
    MahalanobisDistance,
    NeighborDistance,
    SpectrumDetector,
)

PARTS = [(NeighborDistance(), 6), (MahalanobisDistance(), 4)]
N_SPECIMENS, N_TAKES = 12, 5


def make_points(seed, n_specimens=N_SPECIMENS):
    """Make points of specimens that differ, and the specimen of each."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(n_specimens, 1, 10))
    points = own + rng.normal(size=(n_specimens, N_TAKES, 10))
    return points.reshape(-1, 10), np.repeat(np.arange(n_specimens), N_TAKES)


def test_it_is_the_soft_maximum_of_novelties_scaled_by_left_out_specimens():
    points, specimens = make_points(0)
    further, _ = make_points(1)
    novelties = []
    for estimator, part in zip(
        (NeighborDistance(), MahalanobisDistance()),
        (slice(0, 6), slice(6, 10)),
        strict=True,
    ):
        # Ten parts: specimens 10 and 11 are left out with 0 and 1.
        left_out = np.concatenate(
            [
                -estimator.fit(points[specimens % 10 != place, part]).score_samples(
                    points[specimens % 10 == place, part]
                )
                for place in range(10)
            ]
        )
        novelty = -estimator.fit(points[:, part]).score_samples(further[:, part])
        novelties.append((novelty - left_out.mean()) / left_out.std())
    joined = JoinedScore(parts=PARTS).fit(points, specimens=specimens)
    np.testing.assert_allclose(
        joined.score_samples(further), -logsumexp(novelties, axis=0), rtol=1e-9
    )


@pytest.mark.parametrize("rows", [slice(0, 6), slice(6, 10)])
def test_a_defect_is_found_in_whichever_part_it_shows(rows):
    points, specimens = make_points(0)
    further, _ = make_points(1, 100)
    broken, _ = make_points(2, 100)
    broken[:, rows] *= 3
    scores = JoinedScore(parts=PARTS).fit(points, specimens=specimens)
    tested = np.concatenate([further, broken])
    is_bad = np.repeat([False, True], len(further))
    assert roc_auc_score(is_bad, -scores.score_samples(tested)) > 0.9


@pytest.mark.parametrize("n_specimens", [1, 12])
def test_the_unit_of_a_part_does_not_matter(n_specimens):
    points, specimens = make_points(0, n_specimens)
    further, _ = make_points(1)
    unit = np.repeat([1000.0, 1.0], [6, 4])
    plain, other = (
        JoinedScore(parts=PARTS)
        .fit(points * by, specimens=specimens)
        .score_samples(further * by)
        for by in (1.0, unit)
    )
    np.testing.assert_allclose(other, plain, rtol=1e-6)
    assert np.ptp(plain) > 1


def test_a_known_defect_counts_in_the_part_that_shows_it():
    points, specimens = make_points(0, 24)
    is_normal = specimens < 12
    points[~is_normal, 7] += 4
    joined = JoinedScore(parts=PARTS)
    joined.fit(points, is_normal=is_normal, specimens=specimens)
    without, with_it = joined.parts_
    assert without.weight_ < 0.3 < 0.8 < with_it.weight_

    further, _ = make_points(1, 100)
    broken = further.copy()
    broken[:, 7] += 4
    tested = np.concatenate([further, broken])
    is_bad = np.repeat([False, True], len(further))
    one_class = JoinedScore(parts=PARTS).fit(
        points[is_normal], specimens=specimens[is_normal]
    )
    known, unknown = (
        roc_auc_score(is_bad, -each.score_samples(tested))
        for each in (joined, one_class)
    )
    assert known > unknown + 0.02


def test_parts_have_all_the_features():
    points, _ = make_points(0)
    with pytest.raises(ValueError, match=r"parts have \[6, 4\] features, and X has 9"):
        JoinedScore(parts=PARTS).fit(points[:, :9])


def test_the_detector_joins_the_encoder_and_the_spectrum():
    crops, boards = make_crops()
    settings = {"random_state": 0, "normal_boards": NORMAL}
    joined = JoinedDetector(**settings).fit(crops, boards)
    encoder = EncoderDetector(**settings).fit(crops, boards)
    spectrum = SpectrumDetector(normality=MahalanobisDistance(), **settings)
    spectrum.fit(crops, boards)
    of_encoder, of_spectrum = (part.normality_ for part in joined.normality_.parts_)
    np.testing.assert_array_equal(
        of_encoder[-1].reference_, encoder.normality_[-1].reference_
    )
    np.testing.assert_array_equal(
        of_spectrum.whitening_, spectrum.normality_.whitening_
    )


@pytest.mark.parametrize("contrast", [False, True])
def test_another_normality_takes_both_as_one(contrast):
    crops, boards = make_crops()
    detector = JoinedDetector(
        normality=MahalanobisDistance(),
        contrast=contrast,
        random_state=0,
        normal_boards=NORMAL,
    ).fit(crops, boards)
    found = detector.normality_
    assert isinstance(found.normality_ if contrast else found, Pipeline)
