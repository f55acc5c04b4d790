"""From frames and rows of a spectrogram to seconds and kilohertz."""

from typing import NamedTuple


class Scale(NamedTuple):
    """What a frame and a row of a spectrogram stand for."""

    sr: float
    hop_length: int
    n_fft: int

    def seconds(self, frame: float) -> float:
        """Tell when a frame is.

        Parameters
        ----------
        frame : float
            Its number.

        Returns
        -------
        float
            Time of its centre, in seconds.
        """
        return frame * self.hop_length / self.sr

    def kilohertz(self, row: float) -> float:
        """Tell which frequency a row has.

        Parameters
        ----------
        row : float
            Its number.

        Returns
        -------
        float
            Its frequency, in kHz.
        """
        return row * self.sr / self.n_fft / 1000

    def extent(
        self, n_rows: int, n_frames: int, first_frame: int = 0
    ) -> tuple[float, float, float, float]:
        """Give the edges of an image in which each pixel lies around its centre.

        Parameters
        ----------
        n_rows : int
            Rows of the image.
        n_frames : int
            Columns of the image.
        first_frame : int, default=0
            Number of the first column.

        Returns
        -------
        tuple of float
            Left and right, in seconds, bottom and top, in kHz.
        """
        return (
            self.seconds(first_frame - 0.5),
            self.seconds(first_frame + n_frames - 0.5),
            self.kilohertz(-0.5),
            self.kilohertz(n_rows - 0.5),
        )


def check_scale(sr: float, hop_length: int, n_fft: int) -> Scale:
    """Check what a spectrogram was made with.

    Parameters
    ----------
    sr : float
        Sampling rate, in Hz.
    hop_length : int
        Step from frame to frame, in samples.
    n_fft : int
        Length of a frame, in samples.

    Returns
    -------
    Scale
        What frames and rows stand for.
    """
    for name, value in (("sr", sr), ("hop_length", hop_length), ("n_fft", n_fft)):
        if not value > 0:
            raise ValueError(f"{name}={value!r} must be above 0")
    return Scale(sr, hop_length, n_fft)
