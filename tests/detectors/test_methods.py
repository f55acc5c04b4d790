"""The methods that are compared have the settings that they claim."""

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from methods import METHODS, make_crops
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import (
    article_methods,
    reference_methods,
    tuned_methods,
)

# Class, backbone, embedding, optimizer, learning rate and epochs of the article.
ARTICLE = {
    "ae": ("AutoencoderDetector", None, None, "adam", 1e-5, 50),
    "vae": ("VAEDetector", None, 2, "adam", 1e-5, 100),
    "cnn-shallow": ("CNNDetector", "shallow", 2, "adam", 1e-3, 100),
    "cnn-resnet18": ("CNNDetector", "resnet18", 512, "sgd", 1e-2, 100),
    "triplet-shallow": ("TripletDetector", "shallow", 2, "adam", 1e-3, 100),
    "triplet-resnet18": ("TripletDetector", "resnet18", 2, "adam", 1e-3, 20),
    "arcface-shallow": ("ArcFaceDetector", "shallow", 32, "sgd", 1e-3, 100),
    "arcface-resnet18": ("ArcFaceDetector", "resnet18", 512, "sgd", 1e-2, 100),
}


def test_the_articles_eight_methods_have_its_settings():
    names = ("backbone", "embedding_dim", "optimizer", "lr", "max_epochs")
    found = {
        name: (type(method).__name__, *(method.get_params().get(n) for n in names))
        for name, method in article_methods().items()
    }
    assert found == ARTICLE


@pytest.mark.parametrize("name", ARTICLE)
def test_the_article_knew_no_augmentation_and_judged_drawings_or_embeddings(name):
    params = article_methods()[name].get_params()
    assert params["augmentation"] is None
    assert not params["batch_norm"]
    assert params.get("loss", "cross_entropy") == "cross_entropy"
    if name in {"ae", "vae"}:
        assert params["score_space"] == "reconstruction"
    else:
        assert params["score_space"] == "embedding"
        assert params["merge_normal"]


def test_the_tuned_methods_are_the_same_eight_with_other_settings():
    article, tuned = article_methods(), tuned_methods()
    assert list(tuned) == [f"tuned-{name}" for name in article]
    for name, method in article.items():
        ours = tuned[f"tuned-{name}"]
        assert type(ours) is type(method)
        params = ours.get_params()
        assert params.get("backbone") == method.get_params().get("backbone")
        assert params["batch_norm"]
        # Errors of drawings have no reference that a specimen could leave, so that
        # their threshold costs boards to train on.
        assert params["score_space"] != "reconstruction"


def test_every_call_gives_methods_of_its_own():
    for methods in (article_methods, tuned_methods, reference_methods):
        first, second = methods(), methods()
        assert not {id(each) for each in first.values()} & {
            id(each) for each in second.values()
        }


@pytest.mark.parametrize("name", reference_methods())
def test_a_reference_hears_a_click_where_others_ring(name):
    crops, boards = make_crops(3, 20)
    method = clone(reference_methods()[name]).set_params(random_state=0)
    method.fit(crops, boards)
    ringing = make_crops(3, 20, seed=1)[0]
    clicking = np.random.default_rng(2).normal(size=ringing.shape)
    clicking[:, :, 5] += 4
    scores = method.anomaly_score(np.concatenate([ringing, clicking]))
    assert roc_auc_score(np.repeat([0, 1], 60), scores) > 0.95


def test_when_the_tap_begins_does_not_matter_to_its_spectrum():
    crops, _ = make_crops(2, 20)
    method = reference_methods()["spectrum-knn"].fit(crops)
    np.testing.assert_allclose(
        method.score_samples(np.roll(crops, 5, axis=2)),
        method.score_samples(crops),
        rtol=1e-5,
    )


def count_code_lines(path):
    """Count the lines of code but blank ones, docstrings and `__init__`."""
    tree = ast.parse(path.read_text())
    left_out = set()
    for node in ast.walk(tree):
        is_init = isinstance(node, ast.FunctionDef) and node.name == "__init__"
        is_docstring = isinstance(node, ast.Expr) and isinstance(
            node.value, ast.Constant
        )
        if is_docstring or (is_init and node.args.kwonlyargs):
            left_out.update(range(node.lineno, node.end_lineno + 1))
    lines = path.read_text().splitlines()
    return sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for number, line in enumerate(lines, 1)
        if number not in left_out
    )


@pytest.mark.parametrize("method", sorted({*map(type, METHODS.values())}, key=str))
def test_a_method_is_one_short_file(method):
    path = Path(inspect.getfile(method))
    assert path.parent.name == "detectors"
    public = re.findall(r"^class ([A-Z]\w*)", path.read_text(), re.MULTILINE)
    assert public == [method.__name__]
    assert count_code_lines(path) <= 60
