"""Sound from a microphone, block by block."""

import contextlib
import queue
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tapsklearn.recording._microphone_error import MicrophoneError

_BLOCK_SECONDS = 0.01
# A device that gives nothing for so long is gone.
_PATIENCE_SECONDS = 2.0


def import_sounddevice() -> Any:
    """Import sounddevice, or raise an error with what to install.

    Returns
    -------
    module
        It.

    Raises
    ------
    MicrophoneError
        If it, or the PortAudio it stands on, is not there.
    """
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise MicrophoneError(
            'recording needs sounddevice: pip install "tapsklearn[record]"'
        ) from error
    except OSError as error:
        raise MicrophoneError(
            "recording needs PortAudio, which is not installed (on Debian and Ubuntu: "
            "apt install libportaudio2)"
        ) from error
    return sounddevice


class Microphone:
    """A microphone that records as long as the block of a `with` statement lasts.

    Records one channel, at the rate asked for where the device can and else at its own.
    Gives blocks; where sound was lost, as nobody had the time to fetch it, a sample is
    NaN.

    Parameters
    ----------
    device : int, str or None, default=None
        Number or part of the name of the device. If None, the default one.
    sr : int, default=44100
        Sampling rate that is asked for, in Hz.

    Attributes
    ----------
    sr : int
        Sampling rate that is recorded at, in Hz.
    """

    def __init__(self, device: int | str | None = None, *, sr: int = 44100) -> None:
        self.device = device
        self.sr = sr
        self._blocks: queue.SimpleQueue[NDArray[np.float32] | None] = (
            queue.SimpleQueue()
        )

    def __enter__(self) -> Self:
        sounddevice = import_sounddevice()
        try:
            try:
                sounddevice.check_input_settings(
                    self.device, channels=1, dtype="float32", samplerate=self.sr
                )
            except sounddevice.PortAudioError:
                found = sounddevice.query_devices(self.device, "input")
                self.sr = round(found["default_samplerate"])
            self._stream = sounddevice.InputStream(
                device=self.device,
                channels=1,
                dtype="float32",
                samplerate=self.sr,
                blocksize=round(_BLOCK_SECONDS * self.sr),
                callback=self._keep,
                # Whatever ends it but us.
                finished_callback=lambda: self._blocks.put(None),
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            which = "" if self.device is None else f" {self.device!r}"
            raise MicrophoneError(
                f"there is no microphone{which} to record with ({error}); plug one in, "
                "or choose one of `tapsklearn devices`"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close(ignore_errors=True)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        while (block := self._wait()) is not None:
            yield block
        raise MicrophoneError(
            "the microphone gives no more sound: is it still plugged in?"
        )

    def _wait(self) -> NDArray[np.float32] | None:
        try:
            return self._blocks.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            return None

    def _keep(self, block: Any, n_samples: int, time: Any, status: Any) -> None:
        samples = block[:, 0].copy()
        if status.input_overflow:
            samples[0] = np.nan
        self._blocks.put(samples)


def open_microphone(
    given: Any, device: int | str | None, sr: int
) -> contextlib.AbstractContextManager[Any]:
    """Use what was given, which whoever gave it closes, or open a device.

    Parameters
    ----------
    given : Microphone or None
        What gives blocks, and its rate as `sr`.
    device : int, str or None
        As for `Microphone`.
    sr : int
        As for `Microphone`.

    Returns
    -------
    context manager
        Of the microphone.
    """
    if given is not None:
        return contextlib.nullcontext(given)
    return Microphone(device, sr=sr)
