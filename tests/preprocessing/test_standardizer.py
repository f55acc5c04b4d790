"""Standardizer and standardize."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from tapsklearn.preprocessing import Standardizer, standardize

SHAPES = [(6, 30), (6, 5, 30), (6, 2, 5, 30)]


def crops(shape: tuple[int, ...], dtype: type = np.float64) -> NDArray:
    """Make crops in dB whose level and spread differ from take to take."""
    rng = np.random.default_rng(0)
    each = (len(shape) - 1) * (1,)
    level = rng.uniform(-80, 10, size=(shape[0], *each))
    spread = rng.uniform(3, 20, size=(shape[0], *each))
    return (rng.normal(size=shape) * spread + level).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_per_take(shape: tuple[int, ...], dtype: type, atol: float) -> None:
    X = crops(shape, dtype)
    standardized = Standardizer().fit_transform(X)
    assert standardized.shape == shape
    assert standardized.dtype == dtype
    axes = (-2, -1) if len(shape) > 2 else -1
    np.testing.assert_allclose(standardized.mean(axis=axes), 0, atol=atol)
    np.testing.assert_allclose(standardized.std(axis=axes), 1, atol=atol)
    # Shifted and scaled, and nothing else: the order within a take stays.
    flat, original = standardized.reshape(6, -1), X.reshape(6, -1)
    if len(shape) == 4:
        flat, original = flat[:, :150], original[:, :150]
    np.testing.assert_array_equal(flat.argsort(axis=1), original.argsort(axis=1))


def test_views_are_standardized_each_for_itself() -> None:
    X = crops((6, 2, 5, 30))
    standardized = Standardizer().fit_transform(X)
    for view in (0, 1):
        np.testing.assert_array_equal(
            standardized[:, view], Standardizer().fit_transform(X[:, view])
        )


@pytest.mark.parametrize("shape", [(30,), (5, 30)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_standardize_is_the_same_for_one_crop(
    shape: tuple[int, ...], dtype: type
) -> None:
    X = crops((6, *shape), dtype)
    expected = Standardizer().fit_transform(X)
    for x, standardized in zip(X, expected, strict=True):
        assert standardize(x).dtype == dtype
        np.testing.assert_allclose(standardize(x), standardized, atol=1e-6)


def test_takes_do_not_depend_on_each_other() -> None:
    X = crops((6, 5, 30))
    transformer = Standardizer().fit(X)
    np.testing.assert_array_equal(
        transformer.transform(X[2:3]), transformer.transform(X)[2:3]
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_per_frequency_learns_from_the_training_set(
    shape: tuple[int, ...], dtype: type
) -> None:
    X = crops(shape, dtype)
    train, test = X[:4], X[4:]
    transformer = Standardizer(per="frequency").fit(train)

    # scikit-learn's own, with one column a frequency.
    def columns(crops: NDArray) -> NDArray:
        axis = 1 if crops.ndim == 2 else -2
        return np.moveaxis(crops, axis, -1).reshape(-1, crops.shape[axis])

    scaler = StandardScaler().fit(columns(train.astype(np.float64)))
    np.testing.assert_allclose(transformer.mean_, scaler.mean_, rtol=1e-6)
    np.testing.assert_allclose(transformer.scale_, scaler.scale_, rtol=1e-6)

    standardized = transformer.transform(test)
    assert standardized.dtype == dtype
    assert standardized.shape == test.shape
    np.testing.assert_allclose(
        columns(standardized),
        scaler.transform(columns(test.astype(np.float64))),
        atol=1e-5,
    )


@pytest.mark.parametrize("level", [0.0, -80.1, 1 / 3, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("per", ["take", "frequency"])
def test_constant_crops_become_zeros(level: float, dtype: type, per: str) -> None:
    # Rounding leaves a constant a standard deviation that is not quite 0.
    X = np.full((3, 100, 120), level, dtype=dtype)
    standardized = Standardizer(per=per).fit_transform(X)
    np.testing.assert_allclose(standardized, 0, atol=1e-6)
    np.testing.assert_allclose(standardize(X[0]), 0, atol=1e-6)


def test_nearly_constant_crops_are_still_scaled() -> None:
    # A hundredth of a dB is far above what rounding leaves.
    X = -80 + 0.01 * crops((3, 5, 30)) / 20
    np.testing.assert_allclose(Standardizer().fit_transform(X).std(axis=(1, 2)), 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("per", ["take", "frequency"])
def test_nan_takes_pass_through_and_teach_nothing(
    shape: tuple[int, ...], per: str
) -> None:
    X = crops(shape)
    X[2] = np.nan
    keep = [0, 1, 3, 4, 5]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        standardized = Standardizer(per=per).fit_transform(X)
    assert np.isnan(standardized[2]).all()
    np.testing.assert_allclose(
        standardized[keep], Standardizer(per=per).fit_transform(X[keep]), atol=1e-12
    )


def test_nothing_but_nan() -> None:
    X = np.full((3, 5, 30), np.nan)
    assert np.isnan(Standardizer().fit_transform(X)).all()
    with pytest.raises(ValueError, match="every take holds NaN"):
        Standardizer(per="frequency").fit(X)


def test_only_per_frequency_needs_a_fit() -> None:
    X = crops((6, 5, 30))
    np.testing.assert_array_equal(
        Standardizer().transform(X), Standardizer().fit_transform(X)
    )
    with pytest.raises(NotFittedError):
        Standardizer(per="frequency").transform(X)


def test_other_frequencies_than_fitted() -> None:
    for shape in ((6, 5, 30), (6, 2, 5, 30)):
        transformer = Standardizer(per="frequency").fit(crops(shape))
        # One row would broadcast to any number.
        for n_rows in (1, 4):
            with pytest.raises(ValueError, match=r"frequencies|features"):
                transformer.transform(crops((*shape[:-2], n_rows, 30)))


def test_views_where_none_were_fitted() -> None:
    transformer = Standardizer(per="frequency").fit(crops((6, 5, 30)))
    with pytest.raises(ValueError, match="expecting 5 features"):
        transformer.transform(crops((6, 2, 5, 30)))


def test_wrong_use() -> None:
    with pytest.raises(ValueError, match="The 'per' parameter of Standardizer"):
        Standardizer(per="row").fit(crops((6, 5, 30)))
    with pytest.raises(ValueError, match="at most 4 dimensions"):
        Standardizer().fit(crops((2, 2, 2, 5, 6)))
    X = crops((6, 5, 30))
    X[0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        Standardizer().fit(X)
