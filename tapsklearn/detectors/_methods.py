"""The methods that are compared, by name."""

from tapsklearn.detectors._arcface import ArcFaceDetector
from tapsklearn.detectors._autoencoder import AutoencoderDetector
from tapsklearn.detectors._base import TapDetector
from tapsklearn.detectors._crop_knn import CropKNNDetector


def article_methods() -> dict[str, TapDetector]:
    """Give the article's methods with its own losses, optimizers and epochs.

    Returns
    -------
    dict of str to detector
        Unfitted detectors by name. Where the article tried several learning rates
        or does not print a number, the entry says which one is taken.

    Notes
    -----
    "ae": learning rate 1e-5 for 50 epochs; the optimizer is not printed (Adam here).
    "arcface-shallow": SGD, learning rate 1e-3 for 100 epochs, at 3e-3 it diverged;
    the size of the embedding is not printed (32 here; with the 2 of its printed
    network the training diverges at that rate too).

    Examples
    --------
    >>> list(article_methods())
    ['ae', 'arcface-shallow']
    """
    return {
        "ae": AutoencoderDetector(optimizer="adam", lr=1e-5, max_epochs=50),
        "arcface-shallow": ArcFaceDetector(
            "shallow",
            embedding_dim=32,
            merge_normal=True,
            score_space="embedding",
            optimizer="sgd",
            lr=1e-3,
            max_epochs=100,
        ),
    }


def reference_methods() -> dict[str, TapDetector]:
    """Give the methods without training that any other has to beat.

    Returns
    -------
    dict of str to detector
        Unfitted detectors by name.

    Examples
    --------
    >>> list(reference_methods())
    ['crop-knn']
    """
    return {"crop-knn": CropKNNDetector()}
