"""Detectors that train nothing: what a trained one has to beat."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from torch import nn

from tapsklearn.detectors._base import TapDetector
from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._network import NetworkDetector, as_images
from tapsklearn.detectors._weights import seeded, settle_batch_norm
from tapsklearn.networks import RandomConvBlocks


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class SpectrumDetector(TapDetector):
    """Score taps by the distance of their spectra to the nearest normal ones.

    Of each frequency of a crop the mean over time, in dB, and the deviation from it,
    which shows how fast the frequency dies away. Nothing is trained, and when the
    tap begins does not matter.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> SpectrumDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    def _extract_features(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return compute_spectra(takes)


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class CropDetector(TapDetector):
    """Score taps by the distance of their crops to the nearest normal crops.

    Nothing is trained. A method that does not beat this one has learned nothing of
    use, whatever its own figure looks like.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> CropDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    def _extract_features(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return takes.mean(axis=1).reshape(len(takes), -1)


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class RandomConvDetector(NetworkDetector):
    """Score taps by what random convolutions make of them.

    Three random convolutional blocks, batch-normalized with the normal takes; the
    mean and deviation of each channel of the last two are compared with those of the
    nearest normal takes. Nothing is trained: what a trained network adds is what it
    has over this one.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> RandomConvDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **NetworkDetector._parameter_constraints,
        "score_space": [StrOptions({"pooled", "time_pooled"})],
    }

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        return RandomConvBlocks(input_shape)

    def _train(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        build_seed, order_seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        crops = as_images(takes[is_normal])
        with seeded(build_seed):
            network = self._make_network(self._image_shape).to(dtype=crops.dtype)
        network.to(self.device)
        settle_batch_norm(network, crops, device=self.device, seed=order_seed)
        self._keep(network)

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._extract_features(takes)


def compute_spectra(takes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Compute mean and deviation over time of each row, the mean over the views.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.

    Returns
    -------
    ndarray of shape (n_takes, 2 * n_freqs)
        Features.
    """
    spectra = np.concatenate([takes.mean(axis=3), takes.std(axis=3)], axis=2)
    return spectra.mean(axis=1)
