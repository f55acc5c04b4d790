"""One training, judged in every score space."""

import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

SPACES = ("reconstruction", "embedding", "pooled", "time_pooled")


def views_by_space(detector):
    """Give copies of a fitted detector that look at its network in another space.

    The network stays as it is; only what is judged is another thing.
    """
    views = {}
    for space in SPACES:
        view = clone(detector).set_params(score_space=space)
        try:
            view._validate_params()
        except InvalidParameterError:
            continue  # not a space of this method
        vars(view).update(
            input_shape_=detector.input_shape_, weights_=detector.weights_
        )
        views[space] = view
    return views


def score(view, crops, reference, normality=None):
    """Give the anomaly scores of crops in the space of a view.

    Parameters
    ----------
    view : detector
        Of `views_by_space`.
    crops : ndarray
        Crops.
    reference : ndarray of bool
        The normal crops that the others are compared with.
    normality : estimator, default=None
        What judges; None is the method's own.
    """
    described = view._describe(crops[:, None])
    judge = view.set_params(normality=normality)._make_normality()
    return -judge.fit(described[reference]).score_samples(described).astype(np.float64)
