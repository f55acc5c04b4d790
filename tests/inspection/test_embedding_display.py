"""Embeddings: every take at its place, whatever the number of dimensions."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from tapsklearn import CropDetector
from tapsklearn.inspection import EmbeddingDisplay

BOARDS = np.repeat(["oak", "ash", "cracked"], 10)
NORMAL = ["oak", "ash"]
EMBEDDINGS = np.random.default_rng(0).normal(size=(30, 6)) * [5, 3, 1, 1, 1, 1]


def plot(embeddings, boards=BOARDS, **options):
    return EmbeddingDisplay.from_predictions(
        embeddings, boards, normal_boards=NORMAL, **options
    )


def test_two_dimensions_are_plotted_as_they_are():
    display = plot(EMBEDDINGS[:, :2])
    assert list(display.scatters_) == ["oak", "ash", "cracked"]
    for board, scatter in display.scatters_.items():
        np.testing.assert_allclose(
            scatter.get_offsets(), EMBEDDINGS[board == BOARDS, :2]
        )
    assert display.ax_.get_xlabel() == "embedding, first axis"
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert labels == ["normal boards:", "oak", "ash", "abnormal boards:", "cracked"]


def test_normal_boards_are_full_and_abnormal_ones_hollow():
    display = plot(EMBEDDINGS[:, :2])
    assert len(display.scatters_["oak"].get_facecolor()) == 1
    assert len(display.scatters_["cracked"].get_facecolor()) == 0


def test_one_dimension_is_a_row_a_board():
    display = plot(EMBEDDINGS[:, :1])
    for row, (board, scatter) in enumerate(display.scatters_.items()):
        offsets = scatter.get_offsets()
        np.testing.assert_allclose(offsets[:, 0], EMBEDDINGS[board == BOARDS, 0])
        assert set(offsets[:, 1]) == {row}
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["oak", "ash", "cracked"]
    bottom, top = display.ax_.get_ylim()
    assert bottom > top  # the first on top


def test_principal_components_are_those_of_all_takes():
    display = plot(EMBEDDINGS)
    pca = PCA(2, random_state=0).fit(EMBEDDINGS)
    np.testing.assert_allclose(display.points, pca.transform(EMBEDDINGS))
    share = pca.explained_variance_ratio_[0]
    assert display.ax_.get_xlabel() == (
        f"principal component 1 ({share:.0%} of the variance)"
    )


def test_collapsed_embeddings_are_plotted_on_one_spot():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        display = plot(np.ones((30, 4)))
    np.testing.assert_array_equal(display.points, 0)
    assert "(0% of the variance)" in display.ax_.get_ylabel()


def test_tsne_is_that_of_the_seed():
    display = plot(EMBEDDINGS, reduction="tsne", random_state=3)
    expected = TSNE(perplexity=29 / 3, random_state=3).fit_transform(EMBEDDINGS)
    np.testing.assert_array_equal(display.points, expected)
    assert display.ax_.get_xlabel() == "t-SNE, first axis"


@pytest.mark.parametrize("n_takes", [2, 3, 5])
@pytest.mark.parametrize("reduction", ["pca", "tsne"])
def test_few_takes_are_enough(n_takes, reduction):
    display = plot(EMBEDDINGS[:n_takes], BOARDS[:n_takes], reduction=reduction)
    assert display.points.shape == (n_takes, 2)
    assert np.isfinite(display.points).all()


def test_takes_with_nan_are_left_out():
    embeddings = EMBEDDINGS.copy()
    embeddings[[0, 29], 3] = np.nan
    with pytest.warns(UserWarning, match="2 of 30 takes have NaN for embeddings"):
        display = plot(embeddings)
    sizes = [len(scatter.get_offsets()) for scatter in display.scatters_.values()]
    assert sizes == [9, 10, 9]
    expected = PCA(2, random_state=0).fit_transform(EMBEDDINGS[1:29])
    np.testing.assert_allclose(display.points, expected)


def test_an_estimator_embeds():
    crops = np.random.default_rng(0).normal(size=(30, 4, 5))
    detector = CropDetector(normal_boards=NORMAL, random_state=0).fit(crops, BOARDS)
    display = EmbeddingDisplay.from_estimator(
        detector, crops, BOARDS, normal_boards=NORMAL
    )
    expected = PCA(2, random_state=0).fit_transform(detector.transform(crops))
    np.testing.assert_allclose(display.points, expected)


def test_given_axes_are_used(own_axes):
    display = plot(EMBEDDINGS, ax=own_axes)
    assert display.ax_ is own_axes
    assert display.figure_ is own_axes.figure


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot(EMBEDDINGS, reduction="umap"), "reduction='umap'.*pca, tsne"),
        (lambda: plot(EMBEDDINGS[:9]), "boards names the boards of"),
        (lambda: plot(EMBEDDINGS[:1], BOARDS[:1]), "at least 2 takes"),
        (lambda: plot(EMBEDDINGS, ["fir"] * 30), "normal_boards"),
        (lambda: plot(EMBEDDINGS * np.nan), "embeddings is NaN"),
        (lambda: plot(EMBEDDINGS[:, 0]), "2D array"),
    ],
)
def test_errors_name_the_parameter(call, message):
    with pytest.raises(ValueError, match=message):
        call()
