"""Several novelties in one score: none has to be chosen, and none spoils the others."""

import numpy as np
import pytest
from methods import NORMAL, make_crops
from scipy.special import logsumexp
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from tapsklearn.detectors import (
    Calibration,
    JoinedDetector,
    JoinedScore,
    MahalanobisDistance,
    NeighborDistance,
    SpectrumDetector,
    measure_trust,
)
from tapsklearn.networks import TapEncoder
from tapsklearn.networks._encoder import CHANNELS

PARTS = [(1.0, NeighborDistance(), (0, 6)), (1.0, MahalanobisDistance(), (6, 10))]
GROUPS = [(1.0, PARTS)]
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
    joined = JoinedScore(groups=GROUPS).fit(points, specimens=specimens)
    np.testing.assert_allclose(
        joined.score_samples(further), -logsumexp(novelties, axis=0), rtol=1e-9
    )


@pytest.mark.parametrize("rows", [slice(0, 6), slice(6, 10)])
def test_a_defect_is_found_in_whichever_part_it_shows(rows):
    points, specimens = make_points(0)
    further, _ = make_points(1, 100)
    broken, _ = make_points(2, 100)
    broken[:, rows] *= 3
    scores = JoinedScore(groups=GROUPS).fit(points, specimens=specimens)
    tested = np.concatenate([further, broken])
    is_bad = np.repeat([False, True], len(further))
    assert roc_auc_score(is_bad, -scores.score_samples(tested)) > 0.9


@pytest.mark.parametrize("n_specimens", [1, 12])
def test_the_unit_of_a_part_does_not_matter(n_specimens):
    points, specimens = make_points(0, n_specimens)
    further, _ = make_points(1)
    unit = np.repeat([1000.0, 1.0], [6, 4])
    plain, other = (
        JoinedScore(groups=GROUPS)
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
    joined = JoinedScore(groups=GROUPS)
    joined.fit(points, is_normal=is_normal, specimens=specimens)
    _, ((_, without, _), (_, with_it, _)) = joined.groups_[0]
    assert without.weight_ < 0.3 < 0.8 < with_it.weight_

    further, _ = make_points(1, 100)
    broken = further.copy()
    broken[:, 7] += 4
    tested = np.concatenate([further, broken])
    is_bad = np.repeat([False, True], len(further))
    one_class = JoinedScore(groups=GROUPS).fit(
        points[is_normal], specimens=specimens[is_normal]
    )
    known, unknown = (
        roc_auc_score(is_bad, -each.score_samples(tested))
        for each in (joined, one_class)
    )
    assert known > unknown + 0.02


def test_groups_count_by_their_weights():
    points, specimens = make_points(0)
    further, _ = make_points(1)
    first, second = (
        JoinedScore(groups=[(1.0, [part])])
        .fit(points, specimens=specimens)
        .score_samples(further)
        for part in PARTS
    )
    groups = [(0.25, PARTS[:1]), (0.75, PARTS[1:]), (0.0, PARTS)]
    joined = JoinedScore(groups=groups).fit(points, specimens=specimens)
    np.testing.assert_allclose(
        joined.score_samples(further), 0.25 * first + 0.75 * second
    )
    assert len(joined.groups_) == 2


def test_parts_have_features_that_there_are():
    points, _ = make_points(0)
    with pytest.raises(ValueError, match=r"up to the 10th, and X has 9 features"):
        JoinedScore(groups=GROUPS).fit(points[:, :9])


def test_the_encoder_is_trusted_where_it_is_sure():
    sure = np.full(20, -6.0)
    assert measure_trust(sure) == 1
    # Of sounds that it does not know, it says one as often as the other.
    assert measure_trust(np.linspace(-0.5, 0.5, 20)) == 0
    # Sure of what is wrong: all of these takes are normal.
    assert measure_trust(-sure) == 0
    assert 0 < measure_trust(np.full(20, -1.3)) < 1
    assert measure_trust(np.r_[sure, -sure]) == 0


@pytest.mark.parametrize(("answer", "of_encoder"), [(0.0, False), (-6.0, True)])
def test_the_detector_scores_by_what_the_encoder_knows(answer, of_encoder, monkeypatch):
    crops, boards = make_crops()
    settings = {"random_state": 0, "normal_boards": NORMAL}
    monkeypatch.setattr(
        TapEncoder, "answer", lambda _, x: answer + 1e-3 * x[:, :1].tanh()
    )
    joined = JoinedDetector(**settings).fit(crops, boards)
    ((weight, parts),) = joined.normality_.groups_
    assert weight == 1
    first, second = (part.normality_ for _, part, _ in parts)
    if of_encoder:
        assert first.n_features_in_ == 1
        # Of two maps, mean and deviation of each channel.
        assert second.n_features_in_ == 2 * sum(CHANNELS[-3:-1])
    else:
        spectrum = SpectrumDetector(normality=MahalanobisDistance(), **settings)
        spectrum.fit(crops, boards)
        np.testing.assert_array_equal(
            first.directions_, spectrum.normality_.directions_
        )
        assert second.n_features_in_ == joined.normality_.n_features_in_ - 1


def test_the_weight_of_a_part_scales_its_novelty():
    points, specimens = make_points(0)
    further, _ = make_points(1)
    (_, estimator, where), other = PARTS
    first, second, joined = (
        JoinedScore(groups=[(1.0, parts)])
        .fit(points, specimens=specimens)
        .score_samples(further)
        for parts in ([PARTS[0]], [other], [(0.5, estimator, where), other])
    )
    np.testing.assert_allclose(joined, -np.logaddexp(-0.5 * first, -second))


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


def test_another_normality_is_calibrated_on_its_own_scale():
    crops, boards = make_crops()
    settings = {"calibration": Calibration(by="board"), "random_state": 0}
    own = JoinedDetector(normality=MahalanobisDistance(), **settings)
    own.fit(crops, boards)
    scores = own.score_samples(crops)
    # A distance, not deviations: as the scores of takes, so are those left out.
    assert own.calibration_scores_.max() < 0
    assert own.calibration_scores_.mean() < scores.mean()
