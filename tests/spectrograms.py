"""The table of the spectrograms: what every test of features tries."""

from typing import Any

# Parameters of LogSpectrogram and TapFeatures, for takes as they are recorded.
SPECTROGRAMS: dict[str, dict[str, Any]] = {
    "linear": {},
    "mel": {"n_mels": 64, "n_freqs": 64},
}
# The same for data a few samples long.
SMALL: dict[str, dict[str, Any]] = {"linear": {}, "mel": {"n_mels": 4}}
