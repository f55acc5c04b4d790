"""The article's preprocessing, as one transformer and as four."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline

from tapsklearn.preprocessing._tap_features import TapFeatures


def article_features(**parameters: Any) -> TapFeatures:
    """Make features with the article's settings, whatever the takes sound like.

    Parameters
    ----------
    **parameters : dict
        Of `TapFeatures`; what is given replaces the article's.

    Returns
    -------
    TapFeatures
        Crops of 100 frequencies by 120 frames, standardized each by itself; there is
        nothing to fit.

    Examples
    --------
    >>> article_features(n_frames=60).describe()
    '145 ms, 0 to 4.3 kHz, 1024/128'
    """
    of_article: dict[str, Any] = {
        "sr": 44100,
        "duration": 3.0,
        "n_fft": 1024,
        "hop_length": 128,
        "n_freqs": 100,
        "n_frames": 120,
        "pre_frames": 10,
        "per": "take",
    }
    return TapFeatures(**of_article | parameters)


def article_preprocessing(*, shifts: Sequence[int] = (0, 6)) -> Pipeline:
    """Put the article's four steps in a row: load, spectrogram, crop, standardize.

    Parameters
    ----------
    shifts : sequence of int, default=(0, 6)
        Moves of the crop, in frames, each a view of the take. The article takes two
        crops, the second moved "a little".

    Returns
    -------
    Pipeline
        Files in, standardized crops of 100 frequencies by 120 frames out.

    Examples
    --------
    >>> list(article_preprocessing().named_steps)
    ['load', 'spectrogram', 'crop', 'standardize']
    """
    return article_features(shifts=shifts).as_steps()
