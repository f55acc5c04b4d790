"""What an autoencoder reconstructs well, and what it does not."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing, check_array

from tapsklearn._labels import check_boards
from tapsklearn.inspection._boards import mark_normal, warn_of_missing
from tapsklearn.inspection._fitted import (
    check_can,
    find_settings,
    find_unseen,
    select_examples,
)
from tapsklearn.inspection._labels import find_fonts, shorten_labels
from tapsklearn.inspection._matplotlib import check_matplotlib
from tapsklearn.inspection._specshow import check_spectrogram_settings, show_spectrogram
from tapsklearn.scoring import compute_features, find_detector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh


class ReconstructionDisplay:
    """Crops, their reconstructions and the squared errors, a row a take.

    Make one with `from_estimator` or `from_comparison`. All crops and
    reconstructions share one scale of colours, and so do all errors, so that rows can
    be compared.

    Parameters
    ----------
    crops : ndarray of shape (n_takes, n_freqs, n_frames)
        What the network was given.
    reconstructions : ndarray of shape (n_takes, n_freqs, n_frames)
        What it made of it.
    labels : sequence of str, default=None
        Name of each take; if None, they are numbered.
    sr : float, default=44100
        Sampling rate of the waveforms, in Hz.
    hop_length : int, default=128
        Step from frame to frame, in samples.
    n_fft : int, default=1024
        Length of a frame, in samples.
    n_mels : int, default=None
        Number of mel bands of the whole spectrogram; if None, it is linear in
        frequency.
    pre_frames : int, default=10
        How many frames lie before the onset.

    Attributes
    ----------
    axes_ : ndarray of Axes, of shape (n_takes, 3)
        Where crop, reconstruction and squared error are plotted.
    figure_ : Figure
        What holds the axes.
    images_ : ndarray of QuadMesh, of shape (n_takes, 3)
        The pictures.
    colorbars_ : list of Colorbar
        The scale of crops and reconstructions, and that of errors.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(2, 100, 120))
    >>> display = ReconstructionDisplay(crops, crops / 2, labels=["oak", "ash"]).plot()
    >>> display.axes_.shape
    (2, 3)
    """

    def __init__(
        self,
        crops: NDArray[np.floating],
        reconstructions: NDArray[np.floating],
        *,
        labels: ArrayLike | None = None,
        sr: float = 44100,
        hop_length: int = 128,
        n_fft: int = 1024,
        n_mels: int | None = None,
        pre_frames: int = 10,
    ) -> None:
        self.crops = crops
        self.reconstructions = reconstructions
        self.labels = labels
        self.sr = sr
        self.hop_length = hop_length
        self.n_fft = n_fft
        self.n_mels = n_mels
        self.pre_frames = pre_frames

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        labels: ArrayLike | None = None,
        n_takes: int = 4,
        sr: float | None = None,
        hop_length: int | None = None,
        n_fft: int | None = None,
        n_mels: int | None = None,
        pre_frames: int | None = None,
    ) -> Self:
        """Reconstruct the first takes and plot them.

        Parameters
        ----------
        estimator : detector
            Fitted, with `reconstruct`, as the autoencoders have; a pipeline or
            search that ends in one too.
        X : array-like of length n
            What the estimator takes: crops, of whose views the first is plotted, or
            what its pipeline turns into such. Choose which takes by their rows, as
            by ``X[rows]``. Takes with NaN are left out, with a warning.
        labels : array-like of shape (n,), default=None
            Name of each take of X, such as its board; if None, they are numbered
            from 1.
        n_takes : int, default=4
            How many are plotted at most.
        sr : float, default=None
            Sampling rate of the waveforms, in Hz. This and the settings below are, if
            None, those of the features that a pipeline begins with, and without such
            those of the article.
        hop_length : int, default=None
            Step from frame to frame, in samples.
        n_fft : int, default=None
            Length of a frame, in samples.
        n_mels : int, default=None
            Number of mel bands of the whole spectrogram.
        pre_frames : int, default=None
            How many frames of a crop lie before the onset.

        Returns
        -------
        ReconstructionDisplay
            The display.

        Raises
        ------
        ValueError
            If the estimator cannot reconstruct, X has no crops, or lengths differ.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_can(estimator, "reconstruct")
        of_features = find_settings(estimator)
        settings: dict[str, Any] = {
            name: of_features[name] if value is None else value
            for name, value in (
                ("sr", sr),
                ("hop_length", hop_length),
                ("n_fft", n_fft),
                ("n_mels", n_mels),
                ("pre_frames", pre_frames),
            )
        }
        check_spectrogram_settings(
            *(settings[name] for name in ("sr", "hop_length", "n_fft"))
        )
        if n_takes < 1:
            raise ValueError(f"n_takes={n_takes!r} must be at least 1")
        crops = check_array(
            compute_features(estimator, X),
            allow_nd=True,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
            input_name="X",
        )
        if crops.ndim not in (3, 4):
            raise ValueError(
                f"X has crops of shape {crops.shape[1:]}, but only those of shape "
                "(n_freqs, n_frames) or (n_views, n_freqs, n_frames) can be plotted"
            )
        if labels is None:
            names = np.array([f"take {number + 1}" for number in range(len(crops))])
        else:
            names = check_boards(labels, n_takes=len(crops), name="labels")
        missing = np.isnan(crops).any(axis=tuple(range(1, crops.ndim)))
        warn_of_missing(missing, "X")
        rows = np.flatnonzero(~missing)[:n_takes]
        crops = crops[rows]
        reconstructions = np.asarray(find_detector(estimator).reconstruct(crops))
        if crops.ndim == 4:
            crops, reconstructions = crops[:, 0], reconstructions[:, 0]
        return cls(crops, reconstructions, labels=names[rows], **settings).plot()

    @classmethod
    def from_comparison(
        cls, comparison: Any, method: str | None = None, *, fold: int = 0
    ) -> Self:
        """Plot takes of boards that a method of a comparison was not trained on.

        Parameters
        ----------
        comparison : Comparison
            What `compare_methods` returned with ``return_estimators=True``.
        method : str, default=None
            Name of a method with `reconstruct`; if None, the best method.
        fold : int, default=0
            Number of the fold. The first takes of its first two boards of each
            condition are plotted.

        Returns
        -------
        ReconstructionDisplay
            The display.

        Raises
        ------
        ValueError
            If the comparison kept no estimators, or this one cannot reconstruct.
        """
        check_matplotlib(f"{cls.__name__}.from_comparison")
        unseen = find_unseen(comparison, method, fold)
        is_normal = mark_normal(unseen.boards, None, comparison.truth)
        rows = select_examples(unseen.boards, is_normal)
        return cls.from_estimator(
            unseen.estimator,
            _safe_indexing(unseen.X, rows),
            labels=unseen.boards[rows],
        )

    def plot(self, *, cmap: str = "magma", error_cmap: str = "viridis") -> Self:
        """Plot it in a figure of its own.

        Parameters
        ----------
        cmap : str, default="magma"
            Colours of crops and reconstructions.
        error_cmap : str, default="viridis"
            Colours of squared errors.

        Returns
        -------
        ReconstructionDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        n_takes = len(self.crops)
        errors = (self.crops - self.reconstructions) ** 2
        names = shorten_labels(
            [f"take {number + 1}" for number in range(n_takes)]
            if self.labels is None
            else np.asarray(self.labels).tolist()
        )
        family = find_fonts(names)
        both = np.stack([self.crops, self.reconstructions])
        looks = {"cmap": cmap, "vmin": both.min(), "vmax": both.max()}
        error_looks = {"cmap": error_cmap, "vmin": 0.0, "vmax": errors.max()}

        self.figure_, self.axes_ = plt.subplots(
            n_takes,
            3,
            figsize=(10, 1.6 + 1.8 * n_takes),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        self.images_ = np.empty((n_takes, 3), dtype=object)
        for row, (name, axes) in enumerate(zip(names, self.axes_, strict=True)):
            mean = f"squared error, mean {errors[row].mean():.3g}"
            panels = (
                (self.crops[row], name, looks),
                (self.reconstructions[row], "reconstruction", looks),
                (errors[row], mean, error_looks),
            )
            for column, (image, title, look) in enumerate(panels):
                self.images_[row, column] = self._show(axes[column], image, look)
                axes[column].set_title(title, fontsize="medium", family=family)
        self.colorbars_ = [
            self.figure_.colorbar(
                image,
                ax=axes,
                label=label,
                location="bottom",
                aspect=aspect,
                pad=0.08 / n_takes,
            )
            for image, axes, label, aspect in (
                (self.images_[0, 0], self.axes_[:, :2], "crop and reconstruction", 40),
                (self.images_[0, 2], self.axes_[:, 2], "squared error", 20),
            )
        ]
        return self

    def _show(
        self, ax: "Axes", image: NDArray[np.floating], looks: dict[str, Any]
    ) -> "QuadMesh":
        mesh = show_spectrogram(
            ax,
            image,
            sr=self.sr,
            hop_length=self.hop_length,
            n_fft=self.n_fft,
            n_mels=self.n_mels,
            first_frame=-self.pre_frames,
            **looks,
        )
        # Rows are too low for the whole name of the axis.
        ax.set(xlabel="time from the onset (s)", ylabel="kHz")
        ax.label_outer()
        return mesh
