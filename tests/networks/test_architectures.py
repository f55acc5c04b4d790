"""The networks are those of the article, and fit crops of any size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tapsklearn.networks import (
    ConvAutoencoder,
    RandomConvBlocks,
    ResNet18,
    ShallowCNN,
    VariationalAutoencoder,
    extract_features,
    fold_batch_norm,
)
from tapsklearn.networks._conv_blocks import _PooledPReLU

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
def test_the_autoencoder_reconstructs_crops_of_any_size(n_freqs, n_frames):
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


def shapes_of(module, *kinds):
    return [tuple(m.weight.shape) for m in module.modules() if isinstance(m, kinds)]


def test_the_shallow_network_can_be_batch_normalized():
    network = ShallowCNN((100, 120), batch_norm=True)
    assert shapes_of(network, nn.Conv2d) == shapes_of(ShallowCNN((100, 120)), nn.Conv2d)
    assert shapes_of(network, nn.BatchNorm2d) == [(32,), (32,), (64,), (64,), (64,)]
    # A bias before the normalization would do nothing.
    assert all(m.bias is None for m in network.modules() if isinstance(m, nn.Conv2d))
    network.train()
    maps = torch.randn(8, 1, 100, 120) * 50 + 7
    normalized = network.blocks[0][1](network.blocks[0][0](maps))
    torch.testing.assert_close(
        normalized.mean(dim=(0, 2, 3)), torch.zeros(32), atol=1e-4, rtol=0
    )


def test_the_resnet18_is_the_articles():
    network = ResNet18((100, 120), embedding_dim=512)
    blocks = []
    for n_in, n_out in [(64, 64), (64, 128), (128, 256), (256, 512)]:
        blocks += [
            (n_out, n_in, 3, 3),
            (n_out, n_out, 3, 3),
            (n_out, n_in, 1, 1),
            (n_out, n_out, 3, 3),
            (n_out, n_out, 3, 3),
        ]
    assert shapes_of(network, nn.Conv2d) == [(64, 1, 3, 3), *blocks]
    assert shapes_of(network, nn.Linear) == [(512, 28_672)]
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    strides = [m.stride[0] for m in convolutions]
    # Each layer's first block halves, its shortcut too.
    assert strides == [1, *[2, 1, 2, 1, 1] * 4]
    assert all(m.bias is None for m in convolutions)
    assert len(shapes_of(network, nn.BatchNorm2d)) == len(convolutions)
    pooling = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
    assert not any(isinstance(m, pooling) for m in network.modules())
    triplets = ResNet18((100, 120), embedding_dim=2, hidden_dim=512)
    assert shapes_of(triplets, nn.Linear) == [(512, 28_672), (2, 512)]


def test_the_resnet18_computes_what_plain_operations_compute():
    network = ResNet18((20, 30), embedding_dim=4).double().eval()
    state = network.state_dict()
    for name in state:  # statistics that are not 0 and 1
        if "running" in name:
            state[name].uniform_(0.5, 1.5)

    def normalized(maps, name):
        parts = ("running_mean", "running_var", "weight", "bias")
        values = [state[f"{name}.{part}"] for part in parts]
        return nn.functional.batch_norm(maps, *values)

    def convolved(maps, name, **options):
        return nn.functional.conv2d(maps, state[f"{name}.weight"], **options)

    images = torch.randn(3, 1, 20, 30, dtype=torch.float64)
    maps = normalized(convolved(images, "stem.0", padding=1), "stem.1").relu()
    for layer in range(4):
        for block, stride in ((0, 2), (1, 1)):
            name = f"layers.{layer}.{block}"
            first = convolved(maps, f"{name}.residual.0", stride=stride, padding=1)
            first = normalized(first, f"{name}.residual.1").relu()
            second = convolved(first, f"{name}.residual.3", padding=1)
            second = normalized(second, f"{name}.residual.4")
            if stride == 2:
                maps = convolved(maps, f"{name}.shortcut.0", stride=2)
                maps = normalized(maps, f"{name}.shortcut.1")
            maps = (second + maps).relu()
    expected = nn.functional.linear(
        maps.flatten(1), state["head.1.weight"], state["head.1.bias"]
    )
    torch.testing.assert_close(network(images), expected)


def test_the_resnet18_can_be_narrower():
    whole, narrow = ResNet18((20, 30)), ResNet18((20, 30), width=16)
    for one, other in zip(
        shapes_of(whole, nn.Conv2d), shapes_of(narrow, nn.Conv2d), strict=True
    ):
        assert (one[0] // 4, max(one[1] // 4, 1), *one[2:]) == other
    assert narrow(torch.randn(2, 1, 20, 30)).shape == (2, 512)
    with pytest.raises(ValueError, match="width=8 must be at least 16"):
        ResNet18((20, 30), width=8)


@given(
    *(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4)),
    st.booleans(),
    st.sampled_from([16, 17, 24]),
)
@settings(max_examples=20)
def test_the_resnet18_takes_crops_of_any_size(
    n_freqs, n_frames, dim, unit_sphere, width
):
    network = ResNet18(
        (n_freqs, n_frames), embedding_dim=dim, width=width, unit_sphere=unit_sphere
    ).eval()
    images = torch.randn(2, 1, n_freqs, n_frames)
    embedding = network(images)
    assert embedding.shape == (2, dim)
    if unit_sphere:
        torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))
    second, third = network.feature_maps(images)
    assert second.shape[:2] == (2, 2 * width)
    assert third.shape[:2] == (2, 4 * width)


@given(sides, sides)
@settings(max_examples=20)
def test_random_blocks_take_crops_of_any_size(n_freqs, n_frames):
    images = torch.randn(2, 1, n_freqs, n_frames)
    network = RandomConvBlocks((n_freqs, n_frames)).eval()
    second, third = network.feature_maps(images)
    assert second.shape[:2] == (2, 32)
    assert third.shape[:2] == (2, 64)
    assert torch.equal(network(images), third)


def test_the_variational_autoencoder_is_the_autoencoder_around_a_gaussian():
    network = VariationalAutoencoder((100, 120), latent_dim=2)
    inner = ConvAutoencoder((100, 120))
    assert shapes_of(network, nn.Conv2d) == shapes_of(inner, nn.Conv2d)
    n_features = 8 * 13 * 15
    assert shapes_of(network, nn.Linear) == [
        (2, n_features),
        (2, n_features),
        (n_features, 2),
    ]


@given(sides, sides, st.integers(1, 5), st.booleans())
@settings(max_examples=30)
def test_the_variational_autoencoder_reconstructs_crops_of_any_size(
    n_freqs, n_frames, dim, batch_norm
):
    network = VariationalAutoencoder(
        (n_freqs, n_frames), latent_dim=dim, batch_norm=batch_norm
    ).eval()
    images = torch.randn(2, 1, n_freqs, n_frames)
    reconstructions, mean, log_variance = network(images)
    assert reconstructions.shape == images.shape
    assert mean.shape == log_variance.shape == (2, dim)
    # Out of training the reconstruction is from the mean: the same each time.
    assert torch.equal(reconstructions, network.reconstruct(images))
    assert torch.equal(mean, network.embed(images))


def test_latents_are_sampled_from_their_gaussian_by_a_generator_of_their_own():
    torch.manual_seed(5)
    network = VariationalAutoencoder((8, 8), latent_dim=1)
    torch.manual_seed(5)
    twin = VariationalAutoencoder((8, 8), latent_dim=1)
    # A decoder that shows its latent: reconstructions are the latent itself.
    sampled = []
    for each in (network, twin):
        each.autoencoder.decoder = nn.Identity()
        nn.init.ones_(each.from_latent.weight)
        nn.init.zeros_(each.from_latent.bias)
        nn.init.zeros_(each.to_log_variance.weight)
        nn.init.constant_(each.to_log_variance.bias, 2 * torch.log(torch.tensor(3.0)))
        nn.init.constant_(each.to_mean.bias, 10)
        nn.init.zeros_(each.to_mean.weight)
        images = torch.randn(4000, 1, 8, 8)
        before = torch.get_rng_state()
        reconstructions, mean, _ = each.train()(images)
        assert torch.equal(torch.get_rng_state(), before)
        sampled.append(reconstructions[:, 0, 0, 0])
        assert (mean == 10).all()
    assert torch.equal(*sampled)
    assert abs(sampled[0].mean() - 10) < 0.2
    assert abs(sampled[0].std() - 3) < 0.15


@pytest.mark.parametrize(
    "network",
    [
        ShallowCNN((40, 50), batch_norm=True),
        ConvAutoencoder((40, 50), batch_norm=True),
        VariationalAutoencoder((40, 50), batch_norm=True),
        ResNet18((40, 50)),
        ShallowCNN((40, 50)),
    ],
    ids=lambda network: type(network).__name__,
)
def test_folding_batch_norm_changes_nothing_but_the_number_of_passes(network):
    images = torch.randn(4, 1, 40, 50, dtype=torch.float64)
    network.double()
    with torch.no_grad():
        network(images)  # statistics that are not 0 and 1
        network.eval()
        expected = [network.embed(images), *network.feature_maps(images)]
        fold_batch_norm(network)
        found = [network.embed(images), *network.feature_maps(images)]
    assert not shapes_of(network, nn.BatchNorm2d)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_score_spaces_are_means_and_deviations_of_the_maps():
    network = ConvAutoencoder((12, 16)).double().eval()
    images = torch.randn(3, 1, 12, 16, dtype=torch.float64)
    pooled, by_time = [], []
    for maps in network.feature_maps(images):
        pooled += [maps.mean(dim=(2, 3)), maps.std(dim=(2, 3), correction=0)]
        by_time += [maps.mean(dim=3), maps.std(dim=3, correction=0)]
    for space, (means_2, deviations_2, means_3, deviations_3) in (
        ("pooled", pooled),
        ("time_pooled", by_time),
    ):
        parts = (means_2, means_3, deviations_2, deviations_3)
        expected = torch.cat([each.flatten(1) for each in parts], dim=1)
        found = extract_features(network, images, space)
        torch.testing.assert_close(found, expected)
    embedded = extract_features(network, images, "embedding")
    assert torch.equal(embedded, network.embed(images))
    errors = (network.reconstruct(images) - images) ** 2
    found = extract_features(network, images, "reconstruction")
    torch.testing.assert_close(found[:, 0], errors.mean(dim=(1, 2, 3)))
