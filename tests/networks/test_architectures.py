"""The networks are those of the article, and fit crops of any size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tapsklearn.networks import ConvAutoencoder, ShallowCNN
from tapsklearn.networks._shallow import _PooledPReLU

sides = st.integers(1, 130)


def test_the_shallow_network_is_the_articles():
    network = ShallowCNN((100, 120), embedding_dim=2)
    weights = [tuple(w.shape) for w in network.parameters() if w.ndim > 1]
    assert weights == [
        (32, 1, 3, 3),
        (32, 32, 3, 3),
        (64, 32, 3, 3),
        (64, 64, 3, 3),
        (64, 64, 3, 3),
        (64, 64),
        (32, 64),
        (2, 32),
    ]
    slopes = [w for name, w in network.named_parameters() if w.shape == (1,)]
    assert len(slopes) == 7
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert all(m.padding == (0, 0) and m.stride == (1, 1) for m in convolutions)


def test_the_shallow_network_computes_what_plain_layers_compute():
    network = ShallowCNN((100, 120)).double()
    plain: list[nn.Module] = []
    for convolution, pooled in network.blocks:
        activation = nn.PReLU().double()
        activation.weight = nn.Parameter(pooled.weight.detach().clone())
        plain += [convolution, activation, nn.MaxPool2d(2)]
    images = torch.randn(3, 1, 100, 120, dtype=torch.float64)
    expected = network.head(nn.Sequential(*plain)(images))
    torch.testing.assert_close(network(images), expected)


@pytest.mark.parametrize("slope", [0.25, 0.0, -0.25, -2.0])
def test_pooling_first_gives_the_same_and_the_same_gradients(slope):
    maps = torch.randn(4, 3, 9, 10, dtype=torch.float64)
    found, expected = [], []
    for results, layer in (
        (found, _PooledPReLU((2, 2)).double()),
        (expected, nn.Sequential(nn.PReLU(), nn.MaxPool2d(2)).double()),
    ):
        activation = layer if isinstance(layer, nn.PReLU) else layer[0]
        nn.init.constant_(activation.weight, slope)
        inputs = maps.clone().requires_grad_()
        outputs = layer(inputs)
        (outputs**3).sum().backward()
        results += [outputs, inputs.grad, activation.weight.grad]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@given(sides, sides, st.integers(1, 5))
@settings(max_examples=40)
def test_the_shallow_network_takes_crops_of_any_size(n_freqs, n_frames, dim):
    network = ShallowCNN((n_freqs, n_frames), embedding_dim=dim, unit_sphere=True)
    images = torch.randn(2, 1, n_freqs, n_frames)
    assert network(images).shape == (2, dim)
    third, fourth = network.feature_maps(images)
    assert third.shape[:2] == fourth.shape[:2] == (2, 64)


@given(sides, sides)
@settings(max_examples=40)
def test_the_autoencoder_redraws_crops_of_any_size(n_freqs, n_frames):
    network = ConvAutoencoder((n_freqs, n_frames))
    images = torch.randn(2, 1, n_freqs, n_frames)
    assert network(images).shape == images.shape
    rows, columns = -(-n_freqs // 8), -(-n_frames // 8)
    assert network.embed(images).shape == (2, 8 * rows * columns)


def test_the_autoencoder_is_that_of_the_keras_blog():
    weights = [
        tuple(w.shape[:2])
        for w in ConvAutoencoder((100, 120)).parameters()
        if w.ndim == 4
    ]
    assert weights == [(16, 1), (8, 16), (8, 8), (8, 8), (8, 8), (16, 8), (1, 16)]
    images = torch.randn(2, 1, 16, 16)
    network = ConvAutoencoder((16, 16))
    plain = nn.Sequential(
        *(m for c, *_ in network.encoder for m in (c, nn.ReLU(), nn.MaxPool2d(2)))
    )
    torch.testing.assert_close(
        network.embed(images), plain(images).flatten(1), rtol=1e-5, atol=1e-6
    )
