"""What must hold for every method of the family."""

import copy
import pickle
import random
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from methods import METHODS, NEED_BOARDS, NORMAL, TRAINED, fit_once, make_crops
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from torch.optim.lr_scheduler import StepLR

from tapsklearn.detectors import Calibration, conformal_p_values
from tapsklearn.model_selection import BoardKFold, anomaly_scorer

every_method = pytest.mark.parametrize("name", METHODS)
every_trained = pytest.mark.parametrize("name", TRAINED)


def fit(name, crops, boards, **params):
    params.setdefault("normal_boards", NORMAL)
    return clone(METHODS[name]).set_params(**params).fit(crops, boards)


@pytest.fixture(scope="module")
def data():
    return make_crops()


# Two latents, trained for seconds, hold too little of a crop.
@pytest.mark.parametrize("name", [name for name in METHODS if name != "vae-plain"])
def test_scores_are_higher_for_normal_boards_than_for_an_unseen_one(name, data):
    crops, boards = data
    unseen = make_crops(6, 10, seed=1)[0][50:]
    params = {"max_epochs": 30, "lr": 3e-3} if name in TRAINED else {}
    detector = fit(name, crops, boards, **params)
    normal = detector.score_samples(make_crops(2, 10, seed=2)[0])
    assert np.median(normal) > np.median(detector.score_samples(unseen))


@every_method
def test_the_forms_of_the_score_agree(name, data):
    crops, boards = data
    detector = fit_once(name)
    scores = detector.score_samples(crops)
    assert scores.dtype == np.float64
    assert scores.shape == (len(crops),)
    decision = detector.decision_function(crops)
    np.testing.assert_array_equal(decision, scores - detector.offset_)
    predicted = np.where(decision >= 0, 1, -1)
    np.testing.assert_array_equal(detector.predict(crops), predicted)
    np.testing.assert_array_equal(
        detector.p_values(crops),
        conformal_p_values(scores, detector.calibration_scores_),
    )
    again = clone(detector)
    np.testing.assert_array_equal(again.fit_predict(crops, boards), predicted)
    np.testing.assert_array_equal(again.score_samples(crops), scores)


@every_method
@pytest.mark.parametrize(
    "copy_of", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_a_copy_scores_the_same(name, copy_of, data):
    crops, _ = data
    detector = fit_once(name)
    again = copy_of(detector)
    assert not any(isinstance(value, torch.nn.Module) for value in vars(again).values())
    np.testing.assert_array_equal(
        again.score_samples(crops), detector.score_samples(crops)
    )
    np.testing.assert_array_equal(again.transform(crops), detector.transform(crops))


@every_method
def test_the_same_seed_gives_the_same_scores_and_another_seed_others(name, data):
    crops, boards = data
    first = fit_once(name).score_samples(crops)
    np.random.seed(99)  # noqa: NPY002
    torch.manual_seed(99)
    again = fit(name, crops, boards).score_samples(crops)
    np.testing.assert_array_equal(first, again)
    other = fit(name, crops, boards, random_state=4).score_samples(crops)
    assert (first != other).any()


@every_method
def test_fitting_again_is_fitting_afresh(name, data):
    crops, boards = data
    other_crops, other_boards = make_crops(5, 8, seed=5)
    detector = fit(name, other_crops[:, :10], other_boards)
    detector.fit(crops, boards)
    np.testing.assert_array_equal(
        detector.score_samples(crops), fit_once(name).score_samples(crops)
    )


@every_method
def test_no_global_random_state_is_touched(name, data):
    crops, boards = data
    before = (
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        random.getstate(),
        torch.get_rng_state().tolist(),
    )
    pickle.loads(pickle.dumps(fit(name, crops, boards))).score_samples(crops)
    after = (
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        random.getstate(),
        torch.get_rng_state().tolist(),
    )
    assert before == after


@every_method
def test_two_workers_find_what_one_finds(name, data):
    crops, boards = data
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
    options = {
        "cv": BoardKFold(2, normal_boards=NORMAL),
        "scoring": anomaly_scorer(normal_boards=NORMAL),
    }
    if name in NEED_BOARDS:
        detector.set_params(merge_normal=True)
    alone = cross_val_score(detector, crops, boards, **options)
    with torch.random.fork_rng():
        together = cross_val_score(detector, crops, boards, n_jobs=2, **options)
    np.testing.assert_allclose(alone, together)


def test_another_process_finds_the_same(data):
    crops, _ = data
    here = [fit_once(name).score_samples(crops).sum() for name in METHODS]
    script = """
        import torch
        torch.set_num_threads(1)
        from methods import METHODS, fit_once, make_crops
        crops, _ = make_crops()
        for name in METHODS:
            print(repr(float(fit_once(name).score_samples(crops).sum())))
    """
    there = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert [float(line) for line in there.stdout.split()] == here


@every_method
def test_crops_views_and_plain_features_are_all_accepted(name):
    crops, boards = make_crops(views=2)
    with_views = fit(name, crops, boards)
    assert with_views.score_samples(crops).shape == (40,)
    assert with_views.transform(crops).shape[0] == 40
    flat = crops[:, 0].reshape(40, -1)[:, :9]
    assert fit(name, flat, boards).transform(flat).shape[0] == 40


@every_method
def test_a_view_given_twice_counts_like_once(name, data):
    crops, boards = data
    detector = fit(name, crops[:, None], boards)
    twice = fit(name, np.repeat(crops[:, None], 2, axis=1), boards)
    if name in {"crop", "spectrum"}:
        np.testing.assert_allclose(
            twice.score_samples(np.repeat(crops[:, None], 2, axis=1)),
            detector.score_samples(crops[:, None]),
        )
    mixed = np.stack([crops, crops[::-1]], axis=1)
    np.testing.assert_allclose(
        twice.transform(mixed),
        (
            twice.transform(np.stack([crops, crops], axis=1))
            + twice.transform(np.stack([crops[::-1], crops[::-1]], axis=1))
        )
        / 2,
        atol=1e-5,
    )


@every_method
def test_the_dtype_of_the_crops_is_kept(name, data):
    crops, boards = data
    assert fit_once(name).transform(crops).dtype == np.float32
    exact = crops.astype(np.float64)
    assert fit(name, exact, boards).transform(exact).dtype == np.float64


@pytest.mark.parametrize("name", ["ae", "cnn", "spectrum", "randomconv"])
def test_lists_and_integers_become_float32(name, data):
    crops, boards = data
    whole = np.rint(crops).astype(int)
    expected = fit(name, whole.astype(np.float32), boards).score_samples(crops)
    for X in (whole, whole.tolist(), whole.astype(float).tolist()):
        detector = fit(name, X, boards.tolist())
        np.testing.assert_array_equal(detector.score_samples(crops), expected)
        assert detector.transform(X).dtype == np.float32


@every_method
@pytest.mark.parametrize("shape", [(3, 12, 15), (3, 2, 12, 16), (3, 12)])
def test_other_shapes_than_those_fitted_are_refused(name, shape):
    with pytest.raises(ValueError, match="expecting"):
        fit_once(name).score_samples(np.zeros(shape, np.float32))


@every_method
def test_five_dimensions_are_refused(name):
    with pytest.raises(ValueError, match="at most 3 dimensions"):
        METHODS[name].fit(np.zeros((4, 2, 2, 2, 2)), ["a", "a", "b", "b"])


@every_method
def test_a_take_with_nan_scores_nan_and_leaves_the_others_alone(name, data):
    crops, _ = data
    detector = fit_once(name)
    broken = crops.copy()
    broken[3] = np.nan
    scores = detector.score_samples(broken)
    assert np.isnan(scores[3])
    assert np.isnan(detector.transform(broken)[3]).all()
    assert np.isnan(detector.p_values(broken)[3])
    assert detector.predict(broken)[3] == -1
    kept = np.arange(len(crops)) != 3
    np.testing.assert_allclose(
        scores[kept], detector.score_samples(crops)[kept], rtol=1e-5, atol=1e-6
    )
    assert np.isnan(detector.score_samples(broken[3:4])).all()


@every_method
def test_takes_with_nan_are_not_fitted_on(name, data):
    crops, boards = data
    broken = np.concatenate([crops, np.full_like(crops[:3], np.nan)])
    with pytest.warns(UserWarning, match="3 of 43 takes hold NaN"):
        detector = fit(name, broken, np.concatenate([boards, boards[:3]]))
    np.testing.assert_array_equal(
        detector.score_samples(crops), fit_once(name).score_samples(crops)
    )
    with pytest.raises(ValueError, match="every take holds NaN"):
        fit(name, broken[40:], boards[:3])


@every_method
def test_infinite_numbers_are_refused(name, data):
    crops, boards = data
    crops = crops.copy()
    crops[0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        fit(name, crops, boards)


@every_method
def test_one_board_alone(name):
    crops, boards = make_crops(1, 40)
    detector = clone(METHODS[name])
    if name in NEED_BOARDS:
        with pytest.raises(ValueError, match="only 1 class"):
            detector.fit(crops, boards)
    else:
        assert detector.fit(crops, boards).score_samples(crops).shape == (40,)
        assert detector.fit(crops).score_samples(crops).shape == (40,)


@every_method
def test_a_board_with_a_single_take(name, data):
    crops, boards = data
    chosen = [0, *range(10, 40)]
    detector = fit(name, crops[chosen], boards[chosen])
    assert np.isfinite(detector.score_samples(crops)).all()


@every_method
def test_boards_may_be_numbers(name, data):
    crops, boards = data
    numbers = np.unique(boards, return_inverse=True)[1]
    numbered = fit(name, crops, numbers, normal_boards=[0, 1])
    np.testing.assert_array_equal(
        fit_once(name).score_samples(crops), numbered.score_samples(crops)
    )


@every_method
def test_normal_boards_that_y_lacks(name, data):
    crops, boards = data
    some = fit(name, crops, boards, normal_boards=[*NORMAL, "elsewhere"])
    np.testing.assert_array_equal(
        some.score_samples(crops), fit_once(name).score_samples(crops)
    )
    with pytest.raises(ValueError, match=r"none of normal_boards=.*elsewhere"):
        fit(name, crops, boards, normal_boards=["elsewhere"])


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(NEED_BOARDS)))
def test_normal_boards_without_y_are_an_error(name, data):
    with pytest.raises(ValueError, match="give y"):
        fit(name, data[0], None)
    with pytest.raises(ValueError, match="give y"):
        fit(name, data[0], None, normal_boards=None, specimens={"board 0": "oak"})
    named = Calibration(boards=["board 0"])
    with pytest.raises(ValueError, match="give y"):
        fit(name, data[0], None, normal_boards=None, calibration=named)


@every_method
def test_unfit(name, data):
    for method in ("score_samples", "transform", "predict", "p_values"):
        with pytest.raises(NotFittedError):
            getattr(clone(METHODS[name]), method)(data[0])


@every_method
def test_another_normality(name, data):
    crops, boards = data
    if getattr(METHODS[name], "score_space", None) == "reconstruction":
        with pytest.raises(
            ValueError, match=r"normality=KernelDensity\(\) does nothing"
        ):
            fit(name, crops, boards, normality=KernelDensity())
        assert fit_once(name).normality_ is None
        return
    detector = fit(name, crops, boards, normality=KernelDensity())
    assert np.isfinite(detector.score_samples(crops)).all()
    default = fit_once(name).score_samples(crops)
    assert not np.allclose(default, detector.score_samples(crops))


@every_trained
def test_the_error_of_a_diverging_training_names_epoch_and_cure(name, data):
    crops, boards = data
    # Some decay, as a network that is normalized from end to end gets no gradient
    # along its weights and would only stay useless.
    diverging = {"optimizer": "sgd", "lr": 1e3, "weight_decay": 0.01, "max_epochs": 20}
    with pytest.raises(ValueError, match=r"in epoch \d+ with lr=1000: .*smaller"):
        fit(name, 100 * crops, boards, **diverging)


@every_trained
def test_the_history_holds_falling_losses(name, data):
    detector = fit(name, *data, max_epochs=12)
    losses = [epoch["train_loss"] for epoch in detector.history_]
    assert len(losses) == 12
    assert losses[-1] < losses[0]


@every_trained
@pytest.mark.parametrize("where", ["step", "callback"])
def test_an_interrupt_is_not_mistaken_for_the_end_of_training(
    name, where, data, monkeypatch
):
    def interrupt(self, *args, **kwargs):
        signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    params = {}
    if where == "step":
        monkeypatch.setattr(torch.optim.AdamW, "step", interrupt)
    else:
        # Where skorch's own callbacks end a training.
        watch = type("Watch", (Callback,), {"on_epoch_end": interrupt})
        params = {"callbacks": [watch()]}
    with pytest.raises(KeyboardInterrupt):
        fit(name, *data, **params)
    assert signal.getsignal(signal.SIGINT) is handler


@every_trained
def test_skorch_callbacks_stop_and_slow_the_training(name, data):
    stopping = EarlyStopping(patience=4, threshold=1e9)
    stopping.set_params(threshold_mode="abs", sink=lambda _: None)
    rates = []

    class Watch(Callback):
        def on_epoch_end(self, net, **kwargs):
            rates.append(net.optimizer_.param_groups[0]["lr"])

    slowing = LRScheduler(policy=StepLR, step_size=1, gamma=0.5)
    callbacks = [Watch(), slowing, stopping]
    params = {"max_epochs": 30, "callbacks": callbacks, "validation_size": 0.25}
    detector = fit(name, *data, **params)
    assert len(detector.history_) == len(rates) < 30
    np.testing.assert_allclose(np.divide(rates[1:], rates[:-1]), 0.5)
    assert all(np.isfinite(epoch["valid_loss"]) for epoch in detector.history_)
    # What was given is as it was: fitting again and cloning work.
    assert not vars(slowing).keys() - slowing.get_params().keys() - {"kwargs"}
    again = clone(detector).fit(*data)
    np.testing.assert_array_equal(
        again.score_samples(data[0]), detector.score_samples(data[0])
    )


@pytest.mark.parametrize(("verbose", "shown"), [(0, ""), (1, "Detector"), (2, "")])
@pytest.mark.parametrize("name", ["ae", "cnn"])
def test_progress_is_shown_as_asked(name, verbose, shown, data, capsys):
    fit(name, *data, verbose=verbose)
    printed = capsys.readouterr()
    assert ("train_loss" in printed.out) == (verbose == 2)
    assert bool(printed.err) == (verbose == 1)
    if verbose == 1:
        assert type(METHODS[name]).__name__ in printed.err
        assert "2/2" in printed.err
        assert "train_loss=" in printed.err


@pytest.mark.parametrize("name", ["vae", "triplet"])
def test_takes_of_the_validation_are_not_trained_on(name, data):
    crops, boards = data

    def weights(crops):
        return fit(name, crops, boards, validation_size=0.3).weights_

    reference = weights(crops)
    untouched = 0
    for row in range(20):
        changed = crops.copy()
        changed[row] += 1
        again = weights(changed)
        untouched += all((again[key] == reference[key]).all() for key in reference)
    # Of the 20 normal takes 10 calibrate, and 3 of the other 10 are held out, or
    # of all 30 takes 9.
    assert untouched == 13 if name == "vae" else 11 <= untouched <= 15


@every_method
def test_too_few_normal_takes_for_the_rate_warn(name):
    crops, boards = make_crops(3, 9)
    with pytest.warns(UserWarning, match=r"needs 19 normal takes .* there are \d+:"):
        detector = fit(name, crops, boards)
    assert np.isfinite(detector.offset_)


@every_trained
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_either_precision_trains(name, precision, data):
    detector = fit(name, *data, precision=precision, max_epochs=3)
    assert np.isfinite(detector.score_samples(data[0])).all()
    dtypes = {weight.dtype for weight in detector.weights_.values()}
    # Batch normalization counts its batches.
    assert dtypes - {np.dtype(np.int64)} == {np.dtype(np.float32)}
    assert detector.precision_ == precision


@pytest.mark.parametrize("name", ["ae", "cnn"])
def test_low_precision_is_chosen_only_if_asked(name, data, monkeypatch):
    monkeypatch.setattr("tapsklearn.detectors._training._has_bfloat16", lambda _: True)
    crops, boards = data
    assert fit(name, crops, boards).precision_ == "float32"
    assert fit(name, crops, boards, precision="auto").precision_ == "bfloat16"
    exact = crops.astype(np.float64)
    for precision in ("float32", "auto"):
        detector = fit(name, exact, boards, precision=precision)
        assert detector.precision_ == "float64"
    with pytest.raises(ValueError, match=r"bfloat16.*float32 crops.*float64"):
        fit(name, exact, boards, precision="bfloat16")


@every_method
def test_a_grid_search_over_its_parameters(name, data):
    crops, boards = data
    grid = (
        {"lr": [1e-3, 1e-2], "max_epochs": [1, 2]}
        if name in TRAINED
        else {"normality": [None, KernelDensity()]}
    )
    search = GridSearchCV(
        clone(METHODS[name]).set_params(normal_boards=NORMAL),
        grid,
        cv=BoardKFold(2, normal_boards=NORMAL),
        scoring=anomaly_scorer(normal_boards=NORMAL),
        error_score="raise",
    ).fit(crops, boards)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.score_samples(crops).shape == (40,)
