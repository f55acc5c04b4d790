"""The encoder that ships: its weights are whole, small and cheap."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tapsklearn import networks
from tapsklearn.networks import (
    FineTunedEncoder,
    TapEncoder,
    extract_features,
    find_encoder_channels,
    hash_encoder_weights,
    read_encoder_card,
    read_encoder_weights,
    write_encoder_weights,
)

SHIPPED = Path(networks.__file__).with_name("encoder.npz")
sides = st.integers(1, 130)


def make_shipped(input_shape: tuple[int, int]) -> TapEncoder:
    weights = read_encoder_weights()
    network = TapEncoder(input_shape, channels=find_encoder_channels(weights))
    network.set_weights(weights)
    return network.eval()


@pytest.fixture
def copied(tmp_path):
    """Give a copy of what ships that can be spoilt."""
    for path in (SHIPPED, SHIPPED.with_suffix(".json")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path / SHIPPED.name


def count_multiply_adds(network: nn.Module, shape: tuple[int, int]) -> int:
    counts = []

    def count(layer, _, output):
        counts.append(layer.weight.numel() * output.shape[2] * output.shape[3])

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    network.feature_maps(torch.zeros(1, 1, *shape))
    return sum(counts)


def test_what_ships_is_small_and_cheap():
    assert SHIPPED.stat().st_size <= 2 * 2**20
    assert count_multiply_adds(make_shipped((100, 120)), (100, 120)) <= 30e6


def test_plain_arrays_in_float16():
    with np.load(SHIPPED, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float16)}
    found = read_encoder_weights()
    assert found.keys() == arrays.keys()
    assert {weight.dtype for weight in found.values()} == {np.dtype(np.float32)}
    for name, weight in found.items():
        np.testing.assert_array_equal(weight, arrays[name])
    assert hash_encoder_weights(arrays) == read_encoder_card()["sha256"]


@given(sides, sides)
@settings(max_examples=40)
def test_the_weights_are_for_crops_of_any_size(n_freqs, n_frames):
    network = make_shipped((n_freqs, n_frames))
    images = torch.randn(2, 1, n_freqs, n_frames)
    channels = find_encoder_channels(read_encoder_weights())
    assert network(images).shape == (2, 2 * channels[-1])
    assert [maps.shape[1] for maps in network.feature_maps(images)] == [*channels[-2:]]
    for space in ("embedding", "pooled", "time_pooled"):
        assert extract_features(network, images, space).isfinite().all()


def test_other_channels_need_no_other_code(tmp_path):
    network = TapEncoder((12, 16), channels=(3, 5))
    state = {name: each.numpy() for name, each in network.state_dict().items()}
    write_encoder_weights(tmp_path / "mine.npz", state, {"seed": 7})
    assert read_encoder_card(tmp_path / "mine.npz")["seed"] == 7
    weights = read_encoder_weights(tmp_path / "mine.npz")
    assert find_encoder_channels(weights) == (3, 5)
    again = TapEncoder((12, 16), channels=(3, 5))
    again.set_weights(weights)
    torch.testing.assert_close(
        again.eval()(torch.ones(1, 1, 12, 16)),
        network.eval()(torch.ones(1, 1, 12, 16)),
        rtol=1e-2,
        atol=1e-3,
    )
    with pytest.raises(RuntimeError, match="size mismatch"):
        TapEncoder((12, 16), channels=(4, 5)).set_weights(weights)


def test_the_same_weights_give_the_same_bytes(tmp_path):
    weights = read_encoder_weights()
    for name in ("a.npz", "b.npz"):
        write_encoder_weights(tmp_path / name, weights, {})
    first, second = ((tmp_path / name).read_bytes() for name in ("a.npz", "b.npz"))
    assert first == second


def test_weights_that_float16_cannot_hold_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="large is not finite in float16"):
        write_encoder_weights(tmp_path / "a.npz", {"large": np.array([1e6])}, {})
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("change", ["number", "name", "shape"])
def test_every_change_changes_the_checksum(change):
    weights = {"a": np.zeros((2, 3)), "b": np.ones(1)}
    before = hash_encoder_weights(weights)
    if change == "number":
        weights["a"][1, 1] = 1e-7
    elif change == "name":
        weights["c"] = weights.pop("b")
    else:
        weights["a"] = weights["a"].T
    assert hash_encoder_weights(weights) != before


def spoil(path: Path, damage: str) -> None:
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("weights")
    elif damage == "bit":
        place = len(content) // 2
        path.write_bytes(
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        )
    elif damage == "pickle":
        np.savez(path, weights=np.array([{}], dtype=object))
    elif damage == "foreign":
        np.savez(path, weights=np.zeros((3, 3)))
    else:
        card = path.with_suffix(".json")
        card.write_text({"no card": "[]", "broken card": "{"}.get(damage, "{}"))


@pytest.mark.parametrize(
    "damage",
    [
        *("cut", "empty", "text", "bit", "pickle", "foreign"),
        *("no card", "broken card", "empty card"),
    ],
)
def test_damage_is_an_error_that_names_the_file(damage, copied):
    spoil(copied, damage)
    with pytest.raises(ValueError, match=r"encoder\.(npz|json).*write_encoder_weights"):
        read_encoder_weights(copied)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_missing_file_of_the_package(suffix, copied, monkeypatch):
    monkeypatch.setattr("tapsklearn.networks._encoder_weights._SHIPPED", copied)
    assert read_encoder_weights().keys()
    copied.with_suffix(suffix).unlink()
    with pytest.raises(FileNotFoundError, match=suffix) as error:
        read_encoder_weights()
    assert error.value.__notes__ == ["install tapsklearn again"]


def test_the_card_is_of_the_weights(copied):
    card = json.loads(copied.with_suffix(".json").read_text())
    assert card == read_encoder_card(copied)
    write_encoder_weights(copied, {"other": np.zeros(3)}, card)
    assert read_encoder_card(copied)["sha256"] != card["sha256"]
    assert read_encoder_weights(copied).keys() == {"other"}


def test_fine_tuning_begins_with_the_encoder_and_keeps_its_first_blocks():
    weights = read_encoder_weights()
    channels = find_encoder_channels(weights)
    network = FineTunedEncoder((20, 24), channels=channels, embedding_dim=3)
    network.set_encoder(weights)
    images = torch.randn(6, 1, 20, 24)
    for own, shipped in zip(
        network.feature_maps(images),
        make_shipped((20, 24)).feature_maps(images),
        strict=True,
    ):
        torch.testing.assert_close(own, shipped, rtol=1e-4, atol=1e-4)
    before = {name: each.clone() for name, each in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network.train()(images).square().mean().backward()
    optimizer.step()
    changed = {
        name
        for name, each in network.state_dict().items()
        if not torch.equal(each, before[name])
    }
    assert {name.split(".")[0] for name in changed} == {"trained"}
    assert any("last_block" in name for name in changed)
    torch.testing.assert_close(network.trained(network.freeze(images)), network(images))


def test_features_are_standardized_by_those_trained_on():
    weights = read_encoder_weights()
    network = FineTunedEncoder((20, 24), channels=find_encoder_channels(weights))
    network.set_encoder(weights)
    part = network.trained
    maps = network.freeze(torch.randn(100, 1, 20, 24) * 3 + 1)
    part.settle(maps)
    with torch.no_grad():
        features = part.standardize(part.compute_features(maps))
    torch.testing.assert_close(
        features.mean(dim=0), torch.zeros(features.shape[1]), rtol=0, atol=1e-3
    )
    deviations = features.std(dim=0, correction=0)
    assert (((deviations - 1).abs() < 1e-3) | (deviations == 0)).all()
    assert (deviations > 0).any()
