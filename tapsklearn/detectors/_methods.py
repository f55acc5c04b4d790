"""The methods that are compared, by name."""

from typing import Any

from tapsklearn.detectors._arcface import ArcFaceDetector
from tapsklearn.detectors._autoencoder import AutoencoderDetector
from tapsklearn.detectors._base import TapDetector
from tapsklearn.detectors._cnn import CNNDetector
from tapsklearn.detectors._encoder import EncoderDetector
from tapsklearn.detectors._joined import JoinedDetector
from tapsklearn.detectors._mahalanobis_distance import MahalanobisDistance
from tapsklearn.detectors._references import (
    CropDetector,
    RandomConvDetector,
    SpectrumDetector,
)
from tapsklearn.detectors._triplet import TripletDetector
from tapsklearn.detectors._vae import VAEDetector


def article_methods() -> dict[str, TapDetector]:
    """Return the article's methods with its own losses, optimizers and epochs.

    Returns
    -------
    dict of str to detector
        Unfitted detectors by name.

    Notes
    -----
    No batch normalization but in ResNet-18, no augmentation, all normal boards one
    class, and takes are scored in the embedding or by their reconstruction. Where the
    article tried several learning rates, the one it has its best result with is
    taken:

    - "ae", "vae": 1e-5 for 50 and 100 epochs; the optimizer is not printed (Adam
      here), nor the size of the latent (2 here).
    - "cnn-shallow": Adam, 1e-3 (it went up to 1e-1), 100 epochs, by which it had
      converged.
    - "cnn-resnet18": SGD, 1e-2, 100 epochs; at 1e-1 it failed.
    - "triplet-shallow": Adam, 1e-3, 100 epochs.
    - "triplet-resnet18": Adam, 1e-3, 20 epochs.
    - "arcface-shallow": SGD, 1e-3, 100 epochs, at 3e-3 it diverged; the size of the
      embedding is not printed (32 here; with the 2 of its printed network the
      training diverges at that rate too).
    - "arcface-resnet18": SGD, 1e-2, 100 epochs.

    Batches hold 16 crops, those of triplets 32, and SGD has the weight decay of
    5e-4 of the ArcFace code that the article borrowed from.

    Examples
    --------
    >>> article_methods()["cnn-resnet18"].max_epochs
    100
    """
    plain: dict[str, Any] = {"batch_norm": False}
    adam: dict[str, Any] = {
        "augmentation": None,
        "optimizer": "adam",
        "weight_decay": 0.0,
    }
    sgd = {**adam, "optimizer": "sgd", "weight_decay": 5e-4}
    boards: dict[str, Any] = {"merge_normal": True, "score_space": "embedding"}
    shallow = {**boards, "backbone": "shallow", "max_epochs": 100, "lr": 1e-3}
    resnet18 = {**boards, "backbone": "resnet18", "max_epochs": 100, "lr": 1e-2}
    return {
        "ae": AutoencoderDetector(lr=1e-5, max_epochs=50, **plain, **adam),
        "vae": VAEDetector(embedding_dim=2, lr=1e-5, max_epochs=100, **plain, **adam),
        "cnn-shallow": CNNDetector(embedding_dim=2, **shallow, **adam),
        "cnn-resnet18": CNNDetector(embedding_dim=512, **resnet18, **sgd),
        "triplet-shallow": TripletDetector(embedding_dim=2, **shallow, **adam),
        "triplet-resnet18": TripletDetector(
            embedding_dim=2, **{**resnet18, "lr": 1e-3, "max_epochs": 20}, **adam
        ),
        "arcface-shallow": ArcFaceDetector(embedding_dim=32, **shallow, **sgd),
        "arcface-resnet18": ArcFaceDetector(embedding_dim=512, **resnet18, **sgd),
    }


def tuned_methods() -> dict[str, TapDetector]:
    """Return the article's methods with settings of ours.

    Returns
    -------
    dict of str to detector
        Unfitted detectors by name.

    Notes
    -----
    All but those with a ResNet-18 begin with the encoder that ships with the package
    (see `EncoderDetector`): the classifier, the triplet loss and ArcFace train its last
    block, the autoencoders reconstruct what it makes of takes. All normal boards are
    one class, there is no augmentation, and takes are scored in the embedding. The same
    holds for every one of them, and nothing else differs from the defaults: one
    rule, no search. ResNet-18 begins with random weights, and has a short training.

    Examples
    --------
    >>> tuned_methods()["tuned-cnn-resnet18"].max_epochs
    15
    """
    common: dict[str, Any] = {"augmentation": None, "score_space": "embedding"}
    merged = {**common, "merge_normal": True}
    encoder: dict[str, Any] = {"backbone": "encoder"}
    resnet18: dict[str, Any] = {
        "backbone": "resnet18",
        "max_epochs": 15,
        "merge_normal": True,
        "augmentation": None,
    }
    return {
        "tuned-ae": AutoencoderDetector(**encoder, **common),
        "tuned-vae": VAEDetector(**encoder, **common),
        "tuned-cnn-shallow": CNNDetector(**encoder, **merged),
        "tuned-cnn-resnet18": CNNDetector(**resnet18),
        "tuned-triplet-shallow": TripletDetector(**encoder, **merged),
        "tuned-triplet-resnet18": TripletDetector(**resnet18),
        "tuned-arcface-shallow": ArcFaceDetector(**encoder, **merged),
        "tuned-arcface-resnet18": ArcFaceDetector(**resnet18),
    }


def reference_methods() -> dict[str, TapDetector]:
    """Return the methods without training that any other has to beat.

    Returns
    -------
    dict of str to detector
        Unfitted detectors by name.

    Examples
    --------
    >>> reference_methods()["crop-knn"]
    CropDetector()
    """
    return {
        "spectrum-knn": SpectrumDetector(),
        "spectrum-mahalanobis": SpectrumDetector(normality=MahalanobisDistance()),
        "crop-knn": CropDetector(),
        "randomconv-knn": RandomConvDetector(),
        "encoder-knn": EncoderDetector(),
        "joined": JoinedDetector(),
    }
