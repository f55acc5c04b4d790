"""The synthesized taps that the encoder is trained on, kept in a folder.

Half are of the scenario "anything", half of those of wooden boards, and all of the seed
domain of pretraining, so that no plate of any other data set is among them.
"""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from tapsklearn import TapFeatures
from tapsklearn.preprocessing import find_onset, frame_energy, log_spectrogram
from tapsklearn.synthesis import synthesize_taps

SR = 44100
# What is kept of a take, before and after its onset, in samples: enough for any crop.
BEFORE, AFTER = 2048, 22528
# Specimens of a product, and products that are synthesized and kept together.
SPECIMENS, CHUNK = 6, 20
# The scenario of a chunk, in turns. A crack in anything at all is found little better
# than by chance; what can be learned of cracks is learned of boards.
SCENARIOS = ("anything", "wide", "anything", "same_shop", "anything", "wide")
# Room noise is added to find settings as a user's recordings would give them, in dB
# relative to the peak.
NOISE_DB = (-75.0, -40.0)
SETTINGS = ("n_fft", "hop_length", "n_freqs", "n_frames")
HOP = 64


@dataclass(frozen=True)
class Taps:
    """Taps of many products.

    Attributes
    ----------
    waveforms : ndarray of shape (n_takes, BEFORE + AFTER), float16
        Around the onset, at a peak of 1.
    frame : DataFrame
        Labels and physical truth of each.
    settings : dict of int to tuple of int
        Settings of the features that fit each product: `SETTINGS`.
    """

    waveforms: np.ndarray
    frame: pd.DataFrame
    settings: dict[int, tuple[int, ...]]


def synthesize(
    folder: Path,
    n_products: int,
    *,
    n_takes: int = 2,
    seed: int = 0,
    n_jobs: int = 1,
) -> Taps:
    """Synthesize taps, or read what an earlier run has kept.

    Parameters
    ----------
    folder : Path
        Where they are kept, chunk by chunk; a run that was broken off goes on.
    n_products : int
        Number of products: six specimens each, three of them intact, two places each.
    n_takes : int, default=2
        Takes of each place.
    seed : int, default=0
        Seed of the first chunk; each of the others has the next.
    n_jobs : int, default=1
        Chunks that are synthesized at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chunks = range(-(-n_products // CHUNK))
    Parallel(n_jobs=n_jobs)(
        delayed(_keep_chunk)(
            folder, seed + chunk, n_takes, SCENARIOS[chunk % len(SCENARIOS)]
        )
        for chunk in chunks
        if not (folder / f"{seed + chunk}.json").exists()
    )
    frames, waveforms, settings = [], [], {}
    for chunk in chunks:
        name = folder / str(seed + chunk)
        frame = pd.read_csv(name.with_suffix(".csv"))
        frame["product"] += chunk * CHUNK
        frame["scenario"] = SCENARIOS[chunk % len(SCENARIOS)]
        frames.append(frame)
        waveforms.append(np.load(name.with_suffix(".npy")))
        found = json.loads(name.with_suffix(".json").read_text())
        settings |= {int(k) + chunk * CHUNK: tuple(v) for k, v in found.items()}
    return Taps(
        np.concatenate(waveforms), pd.concat(frames, ignore_index=True), settings
    )


def _keep_chunk(folder: Path, seed: int, n_takes: int, scenario: str) -> None:
    taps = synthesize_taps(
        scenario=scenario,
        domain="pretraining",
        n_boards=CHUNK * SPECIMENS,
        n_takes=n_takes,
        random_state=seed,
    )
    frame = taps.frame
    # Products of a chunk are numbered from 0 on: specimens follow each other.
    frame["product"] = pd.factorize(frame["specimen"])[0] // SPECIMENS
    settings = {}
    for product, rows in frame.groupby("product").indices.items():
        intact = [row for row in rows if taps.condition[row] == "normal"]
        found = _find_settings([taps.X[row] for row in intact], seed, int(product))
        if found is not None:
            settings[int(product)] = found
    np.save(folder / f"{seed}.npy", np.stack([_cut(each) for each in taps.X]))
    frame.to_csv(folder / f"{seed}.csv", index=False)
    # Written last: the chunk is whole.
    (folder / f"{seed}.json").write_text(json.dumps(settings))


def _cut(waveform: np.ndarray) -> np.ndarray:
    """Cut a take around its onset; what is beyond its ends is silence."""
    spectrogram = log_spectrogram(waveform, n_fft=4 * HOP, hop_length=HOP)
    onset = find_onset(frame_energy(spectrogram)) * HOP
    padded = np.pad(waveform, (BEFORE, AFTER))
    clip = padded[onset : onset + BEFORE + AFTER]
    return (clip / max(float(np.abs(clip).max()), 1e-9)).astype(np.float16)


def _find_settings(
    waveforms: list[np.ndarray], seed: int, product: int
) -> tuple[int, ...] | None:
    """Find the settings that the rule chooses for intact takes, or None."""
    rng = np.random.default_rng([seed, product])
    level = 10 ** (rng.uniform(*NOISE_DB) / 20)
    noisy = [
        each + np.float32(level * np.abs(each).max()) * _noise(rng, len(each))
        for each in waveforms
    ]
    features = TapFeatures(input="waveform", input_sr=SR, per="take")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            features.fit(noisy)
        except ValueError:
            return None  # No tap that could be used.
    return tuple(int(getattr(features, f"{name}_")) for name in SETTINGS)


def _noise(rng: np.random.Generator, n_samples: int) -> np.ndarray:
    return rng.standard_normal(n_samples, dtype=np.float32)
