"""Which normal take is most like a take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tapsklearn.inspection._compared_crops import find_nearest
from tapsklearn.scoring import compute_features, find_detector


def nearest_normal(pipeline: Any, takes: Any, normal_takes: Any) -> NDArray[np.intp]:
    """Find the normal take nearest to each take, to listen to it beside that.

    Near in the embedding of the detector, each of its features in deviations of the
    normal takes.

    Parameters
    ----------
    pipeline : estimator
        Fitted detector, or pipeline from recordings to a detector.
    takes : list of path-like, list of 1-D arrays or array-like
        What the pipeline scores.
    normal_takes : like `takes`
        Normal ones.

    Returns
    -------
    ndarray of shape (n_takes,), int
        Row of `normal_takes` for each take; -1 for a take that cannot be used.

    Raises
    ------
    ValueError
        If no normal take can be used.

    Examples
    --------
    >>> from tapsklearn import SpectrumDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> detector = SpectrumDetector(random_state=0).fit(crops)
    >>> nearest_normal(detector, crops[3:5], crops)
    array([3, 4])
    """
    check_is_fitted(pipeline)
    detector = find_detector(pipeline)
    ours, theirs = (
        detector.transform(compute_features(pipeline, each)).astype(np.float64)
        for each in (takes, normal_takes)
    )
    usable = theirs[~np.isnan(theirs).any(axis=1)]
    # Of one, or of none, there is no deviation.
    scale = usable.std(axis=0) if len(usable) else np.ones(theirs.shape[1])
    scale[scale == 0] = 1
    return find_nearest(ours / scale, theirs / scale)
