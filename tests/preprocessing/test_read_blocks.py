"""Recordings of any length, block by block, with the care that takes are read with."""

import numpy as np
import pytest
import soundfile

from tapsklearn.preprocessing import TakeError, read_blocks

SR = 16000


@pytest.fixture
def noise():
    noise = np.random.default_rng(0).normal(scale=0.05, size=(5 * SR + 7, 2))
    return noise.astype(np.float32)


def read(path, **options):
    with read_blocks(path, **options) as blocks:
        return list(blocks)


def read_to_the_damage(path):
    """Read what there is, and why there is no more."""
    found = []
    try:
        with read_blocks(path) as blocks:
            for block in blocks:
                found.append(block)
    except TakeError as error:
        return found, str(error)
    raise AssertionError("no damage was told")


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.flac", None)])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_blocks_are_the_recording(tmp_path, noise, name, subtype, n_channels):
    path = tmp_path / name
    soundfile.write(path, noise[:, :n_channels], SR, subtype)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    with read_blocks(path, seconds=0.3) as blocks:
        assert (blocks.sr, blocks.n_samples) == (SR, len(noise))
        found = list(blocks)
    assert {len(block) for block in found[:-1]} == {round(0.3 * SR)}
    assert {block.dtype for block in found} == {np.dtype("float32")}
    np.testing.assert_array_equal(np.concatenate(found), whole.mean(axis=1))


def test_what_was_cut_off_is_read_as_far_as_it_goes(tmp_path, noise):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise, SR)
    content = path.read_bytes()
    path.write_bytes(content[: 44 + 4 * 2 * SR])
    found, reason = read_to_the_damage(path)
    assert reason.startswith(f"{path}: truncated: at least ")
    assert sum(map(len, found)) == 2 * SR


def test_a_flac_that_is_damaged_in_the_middle(tmp_path, noise):
    path = tmp_path / "a.flac"
    soundfile.write(path, noise, SR)
    path.write_bytes(path.read_bytes()[:200_000])
    found, reason = read_to_the_damage(path)
    assert reason.startswith(f"{path}: ")
    assert SR < sum(map(len, found)) < len(noise)


def test_samples_that_are_no_numbers(tmp_path, noise):
    noise[[100, SR + 5], [0, 1]] = np.nan, np.inf
    noise[3 * SR, 1] = 1e10
    soundfile.write(tmp_path / "a.wav", noise, SR, "FLOAT")
    with read_blocks(tmp_path / "a.wav") as blocks:
        found = np.concatenate(list(blocks))
        assert blocks.n_lost == 3
    np.testing.assert_array_equal(
        np.flatnonzero(np.isnan(found)), [100, SR + 5, 3 * SR]
    )


@pytest.mark.parametrize("at", [5000, SR - 1])
def test_a_channel_that_is_cut_off(tmp_path, noise, at):
    """Also where a block ends in the middle of it."""
    noise[at : at + 3, 1] = 1.0
    soundfile.write(tmp_path / "a.wav", noise, SR)
    with read_blocks(tmp_path / "a.wav") as blocks:
        clipped = [
            number * SR + place
            for number, _ in enumerate(blocks)
            for place in blocks.clipped
        ]
    assert clipped
    assert set(clipped) <= {at, at + 1, at + 2}


@pytest.mark.parametrize("share", [-1.0, -0.95])
def test_channels_that_cancel_out(tmp_path, noise, share):
    noise[SR:] *= 5  # Something that rises: noise alone may be anything.
    noise[:, 1] = share * noise[:, 0]
    soundfile.write(tmp_path / "a.wav", noise, SR)
    with pytest.raises(TakeError, match="channels cancel each other out"):
        read(tmp_path / "a.wav")


def test_noise_that_cancels_out_under_taps_that_do_not(tmp_path, noise):
    """As codecs leave it of what differs between channels."""
    noise /= 100
    noise[:, 1] = -noise[:, 0]
    noise[2 * SR :][:4000] += 0.3 * np.random.default_rng(1).normal(size=(4000, 1))
    soundfile.write(tmp_path / "a.wav", noise, SR)
    assert sum(map(len, read(tmp_path / "a.wav"))) == len(noise)


def test_an_error_of_the_caller_is_the_callers(tmp_path, noise):
    soundfile.write(tmp_path / "a.wav", noise, SR)

    def write_meanwhile():
        with read_blocks(tmp_path / "a.wav") as blocks:
            for _ in blocks:
                raise OSError(28, "No space left on device", "elsewhere")

    with pytest.raises(OSError, match="No space left") as caught:
        write_meanwhile()
    assert caught.value.filename == "elsewhere"


def test_what_is_no_recording(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    for name, reason in [
        ("missing.wav", "there is no such file"),
        ("", "is a folder"),
        ("text.wav", "cannot be read as audio"),
    ]:
        with pytest.raises(TakeError, match=reason):
            read(tmp_path / name)
