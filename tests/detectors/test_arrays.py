"""Crops as arrays of any layout, and trainings of very few crops."""

import warnings

import numpy as np
import pandas as pd
import pytest
from methods import METHODS, NORMAL, TRAINED, fit_once, make_crops
from sklearn.base import clone

from tapsklearn import Standardizer, TapCrop

every_method = pytest.mark.parametrize("name", METHODS)

CROPS, BOARDS = make_crops()


def swap(crops):
    return crops.astype(crops.dtype.newbyteorder())


def read_only(crops):
    crops = crops.copy()
    crops.flags.writeable = False
    return crops


def lie_on_disk(crops, folder):
    np.save(folder / "crops.npy", crops)
    return np.load(folder / "crops.npy", mmap_mode="r")


LAYOUTS = {
    "takes backwards": lambda crops: crops[::-1].copy()[::-1],
    "rows backwards": lambda crops: crops[:, ::-1].copy()[:, ::-1],
    "frames backwards": lambda crops: crops[..., ::-1].copy()[..., ::-1],
    "Fortran": np.asfortranarray,
    "transposed": lambda crops: crops.swapaxes(1, 2).copy().swapaxes(1, 2),
    "every other": lambda crops: np.repeat(crops, 2, axis=0)[::2],
    "other byte order": swap,
    "read-only": read_only,
    "list": lambda crops: crops.tolist(),
}


@every_method
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_score_the_same(name, layout):
    expected = fit_once(name).score_samples(CROPS)
    given = LAYOUTS[layout](CROPS)
    np.testing.assert_array_equal(fit_once(name).score_samples(given), expected)


@every_method
@pytest.mark.parametrize("layout", ["rows backwards", "frames backwards", "Fortran"])
def test_layouts_train_the_same(name, layout):
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
    detector.fit(LAYOUTS[layout](CROPS), BOARDS)
    np.testing.assert_array_equal(
        detector.score_samples(CROPS), fit_once(name).score_samples(CROPS)
    )


@every_method
def test_crops_on_disk(name, tmp_path):
    given = lie_on_disk(CROPS, tmp_path)
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
    np.testing.assert_array_equal(
        detector.fit(given, BOARDS).score_samples(given),
        fit_once(name).score_samples(CROPS),
    )


@every_method
@pytest.mark.parametrize("dtype", ["f2", "i1", "u1", "?", "i8"])
def test_other_numbers_become_float32(name, dtype):
    crops = np.clip(CROPS, 0, 4).astype(dtype)
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
    assert detector.fit(crops, BOARDS).transform(crops).dtype == np.float32


@every_method
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_other_byte_order_is_the_same_precision(name, dtype):
    crops = CROPS.astype(dtype)
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
    expected = detector.fit(crops, BOARDS).score_samples(crops)
    swapped = clone(detector).fit(swap(crops), BOARDS)
    np.testing.assert_array_equal(swapped.score_samples(swap(crops)), expected)
    assert swapped.transform(swap(crops)).dtype == dtype


@pytest.mark.parametrize("step", [TapCrop(n_frames=12, pre_frames=2), Standardizer()])
@pytest.mark.parametrize("given", ["list", "f2", "i8", "?", "O"])
def test_steps_before_a_detector_do_not_make_it_slow(step, given):
    # In float64 it trains four times as slowly.
    taps = np.full((3, 110, 40), -80.0)
    taps[:, :, 20:30] = 0
    given = taps.tolist() if given == "list" else taps.astype(given)
    step = clone(step).set_params(
        **{"on_error": "nan"} if "on_error" in vars(step) else {}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert step.fit_transform(given).dtype == np.float32


@pytest.mark.parametrize("name", ["crop", "ae"])
def test_a_table_of_features(name):
    features = CROPS.reshape(len(CROPS), -1)
    table = pd.DataFrame(features).add_prefix("feature ")
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
    np.testing.assert_array_equal(
        clone(detector).fit(table, BOARDS).score_samples(table),
        clone(detector).fit(features, BOARDS).score_samples(features),
    )


NORMALIZED = [
    name
    for name in TRAINED
    if (
        METHODS[name].get_params().get("batch_norm")
        and METHODS[name].get_params()["backbone"] != "encoder"
    )
    or METHODS[name].get_params().get("backbone") in {"shallow-bn", "resnet18"}
]


@pytest.mark.parametrize("name", TRAINED)
def test_batches_of_one(name):
    detector = clone(METHODS[name]).set_params(batch_size=1, normal_boards=NORMAL)
    if name not in NORMALIZED:
        assert np.isfinite(detector.fit(CROPS, BOARDS).score_samples(CROPS)).all()
        return
    with pytest.raises(ValueError, match="batch_size=1 does not go with batch norm"):
        detector.fit(CROPS, BOARDS)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("batch_size", [2, 3])
@pytest.mark.parametrize("n_takes", [5, 6, 7, 8])
def test_no_crop_is_left_over(name, batch_size, n_takes):
    rows = np.r_[:n_takes, 20 : 20 + n_takes]
    detector = clone(METHODS[name]).set_params(
        batch_size=batch_size, normal_boards=NORMAL
    )
    detector.fit(CROPS[rows], BOARDS[rows])
    assert np.isfinite(detector.score_samples(CROPS[:1])).all()


@pytest.mark.parametrize("name", [name for name in NORMALIZED if "ae" in name])
def test_a_single_crop_is_too_few_for_batch_normalization(name):
    detector = clone(METHODS[name])
    with pytest.raises(
        ValueError, match=r"a single crop to train on.*batch_norm=False"
    ):
        detector.fit(CROPS[:2])
