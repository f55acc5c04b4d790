"""Features of the benchmark on detection, fitted on each split's training takes."""

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from data_sets import DataSet, load_data_set

from tapsklearn import TapFeatures
from tapsklearn.preprocessing import article_features, standardize

# What decides how a crop looks.
SETTINGS = (
    *("sr", "duration", "n_fft", "hop_length"),
    *("n_freqs", "n_frames", "pre_frames", "per"),
)
ARTICLE = {name: article_features().get_params()[name] for name in SETTINGS}
# Settings found by hand, which the automatic ones have to match.
BY_HAND = {
    data_set: dict(zip(SETTINGS, values, strict=True))
    for data_set, values in {
        "hammer-floor": (44100, 3.0, 2048, 256, 200, 120, 10, "take"),
        "steel-rods": (48000, 2.0, 512, 64, 152, 152, 10, "take"),
        "bolts-flange": (48000, 0.3, 512, 128, 104, 80, 10, "take"),
        "bottles": (44100, 2048 / 44100, 512, 16, 176, 128, 0, "frequency"),
    }.items()
}
BY_HAND["bolts-plate"] = BY_HAND["bolts-flange"]
# Of the rods: a tenth of a second that ends before the tap can be in a frame.
BACKGROUND = {**BY_HAND["steel-rods"], "n_freqs": 257, "n_frames": 84, "pre_frames": 83}
KINDS = ("auto", "article", "by hand", "background")
# Crops of all takes that are kept, in this process.
_KEPT = 3


def has_features(kind: str, data_set: str) -> bool:
    """Return whether there are such features of a data set."""
    if kind == "by hand":
        return data_set.split(",")[0] in BY_HAND
    return kind != "background" or data_set == "steel-rods"


def make_features(kind: str, data_set: DataSet) -> TapFeatures:
    """Return unfitted features, to be fitted on normal takes.

    Parameters
    ----------
    kind : {"auto", "article", "by hand", "background"}
        Found in `fit`; the article's; ours for the data set; or of what lies before
        the tap alone, on the rods.
    data_set : DataSet
        What they are for.
    """
    settings: dict[str, Any] = {
        "auto": {},
        "article": ARTICLE,
        "by hand": BY_HAND.get(data_set.name.split(",")[0]),
        "background": BACKGROUND,
    }[kind]
    if data_set.input_sr is None:
        return TapFeatures(**settings)
    return TapFeatures(input="waveform", input_sr=data_set.input_sr, **settings)


def resolve(features: TapFeatures) -> dict[str, Any]:
    """Return the settings that features have, found or given."""
    return {
        name: getattr(features, f"{name}_", getattr(features, name))
        for name in SETTINGS
    }


def describe(features: TapFeatures) -> str:
    """Return in a few words what crops look like."""
    found = resolve(features)
    n_fft, hop = found["n_fft"], found["hop_length"]
    shape = f"{found['n_freqs']} x {found['n_frames']}"
    return f"{n_fft}/{hop} at {found['sr']} Hz, {shape} per {found['per']}"


@lru_cache(maxsize=64)
def _fit(kind: str, name: str, folder: Path, seed: int, rows: bytes) -> TapFeatures:
    data_set = load_data_set(name, folder, seed)
    chosen = _take(data_set.sources, np.frombuffer(rows, dtype=np.int64))
    return make_features(kind, data_set).fit(chosen)


_crops: OrderedDict[Any, np.ndarray] = OrderedDict()


def compute_crops(
    kind: str, name: str, folder: Path, seed: int, train: np.ndarray
) -> tuple[np.ndarray, str]:
    """Return crops of all takes of a data set, and in words what they are.

    Features are fitted on the normal takes among those of the training, once; splits
    whose features come out alike share their crops.
    """
    data_set = load_data_set(name, folder, seed)
    rows = train[data_set.is_normal[train]].astype(np.int64).tobytes()
    # What does not depend on the takes is fitted once.
    per = (BY_HAND.get(name.split(",")[0]) or {}).get("per")
    if kind != "auto" and not (kind == "by hand" and per == "frequency"):
        rows = np.arange(2, dtype=np.int64).tobytes()
    features = _fit(kind, name, folder, seed, rows)
    found = tuple(resolve(features).values())
    key = (name, seed, kind, found, rows if "frequency" in found else b"")
    if key not in _crops:
        crops = features.transform(data_set.sources)
        if kind == "background":
            # The last frames reach into the tap by half their length.
            n_fft, hop = features.n_fft, features.hop_length
            before = crops[..., : -(n_fft // 2 // hop) - 2]
            crops = np.stack([standardize(crop) for crop in before])
        _crops[key] = crops
        if len(_crops) > _KEPT:
            _crops.popitem(last=False)
    _crops.move_to_end(key)
    return _crops[key], describe(features)


def _take(sources: Any, rows: np.ndarray) -> Any:
    if isinstance(sources, np.ndarray):
        return sources[rows]
    return [sources[row] for row in rows]
