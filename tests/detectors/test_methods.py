"""The methods that are compared have the settings that they claim."""

import numpy as np
import pytest
from methods import make_crops
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import (
    article_methods,
    reference_methods,
    tuned_methods,
)

# Class, backbone, embedding, optimizer, learning rate and epochs of the article.
ARTICLE = {
    "ae": ("AutoencoderDetector", "conv", None, "adam", 1e-5, 50),
    "vae": ("VAEDetector", "conv", 2, "adam", 1e-5, 100),
    "cnn-shallow": ("CNNDetector", "shallow", 2, "adam", 1e-3, 100),
    "cnn-resnet18": ("CNNDetector", "resnet18", 512, "sgd", 1e-2, 100),
    "triplet-shallow": ("TripletDetector", "shallow", 2, "adam", 1e-3, 100),
    "triplet-resnet18": ("TripletDetector", "resnet18", 2, "adam", 1e-3, 20),
    "arcface-shallow": ("ArcFaceDetector", "shallow", 32, "sgd", 1e-3, 100),
    "arcface-resnet18": ("ArcFaceDetector", "resnet18", 512, "sgd", 1e-2, 100),
}


def test_the_articles_methods_have_its_settings():
    names = ("backbone", "embedding_dim", "optimizer", "lr", "max_epochs")
    found = {
        name: (type(method).__name__, *(method.get_params().get(n) for n in names))
        for name, method in article_methods().items()
    }
    assert found == ARTICLE


@pytest.mark.parametrize("name", ARTICLE)
def test_the_article_has_no_augmentation_and_scores_errors_or_embeddings(name):
    params = article_methods()[name].get_params()
    assert params["augmentation"] is None
    assert not params.get("batch_norm", False)
    assert params["backbone"] in {"conv", "shallow", "resnet18"}
    assert params.get("loss", "cross_entropy") == "cross_entropy"
    if name in {"ae", "vae"}:
        assert params["score_space"] == "reconstruction"
    else:
        assert params["score_space"] == "embedding"
        assert params["merge_normal"]


def test_the_tuned_methods_are_the_same_with_other_settings():
    article, tuned = article_methods(), tuned_methods()
    assert {f"tuned-{name}" for name in article} <= tuned.keys()
    for name, method in article.items():
        ours = tuned[f"tuned-{name}"]
        assert type(ours) is type(method)
        params = ours.get_params()
        # A ResNet-18 has none of the encoder's blocks.
        is_large = method.backbone == "resnet18"
        assert params["backbone"] == ("resnet18" if is_large else "encoder")
        # Errors of reconstruction have no reference that a specimen could be left out
        # of, so that their threshold costs boards to train on.
        assert params["score_space"] != "reconstruction"


def test_every_call_gives_methods_of_its_own():
    for methods in (article_methods, tuned_methods, reference_methods):
        first, second = methods(), methods()
        assert not {id(each) for each in first.values()} & {
            id(each) for each in second.values()
        }


@pytest.mark.parametrize("name", reference_methods())
def test_a_reference_detects_a_click_where_others_ring(name):
    crops, boards = make_crops(3, 20)
    method = clone(reference_methods()[name]).set_params(random_state=0)
    method.fit(crops, boards)
    ringing = make_crops(3, 20, seed=1)[0]
    clicking = np.random.default_rng(2).normal(size=ringing.shape)
    clicking[:, :, 5] += 4
    scores = method.score_samples(np.concatenate([ringing, clicking]))
    assert roc_auc_score(np.repeat([1, 0], 60), scores) > 0.95


def test_when_the_tap_begins_does_not_matter_to_its_spectrum():
    crops, _ = make_crops(2, 20)
    method = reference_methods()["spectrum-knn"].fit(crops)
    np.testing.assert_allclose(
        method.score_samples(np.roll(crops, 5, axis=2)),
        method.score_samples(crops),
        rtol=1e-5,
    )
