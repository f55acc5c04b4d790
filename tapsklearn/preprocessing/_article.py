"""The article's preprocessing as one pipeline."""

from collections.abc import Sequence

from sklearn.pipeline import Pipeline

from tapsklearn.preprocessing._tap_features import TapFeatures


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
    return TapFeatures(
        sr=44100,
        duration=3.0,
        n_fft=1024,
        hop_length=128,
        n_freqs=100,
        n_frames=120,
        shifts=shifts,
    ).as_steps()
