"""What can be recorded with."""

import pandas as pd

from tapsklearn.recording._microphone import import_sounddevice


def list_devices() -> pd.DataFrame:
    """List the devices that record.

    Returns
    -------
    DataFrame
        One row a device: `name`, `n_channels`, `sr` (its own sampling rate, in Hz) and
        `is_default`, by the number to choose it with.

    Raises
    ------
    MicrophoneError
        If PortAudio or sounddevice is not installed.
    """
    sounddevice = import_sounddevice()
    default, _ = sounddevice.default.device
    rows = [
        {
            "device": number,
            "name": device["name"],
            "n_channels": device["max_input_channels"],
            "sr": round(device["default_samplerate"]),
            "is_default": number == default,
        }
        for number, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    ]
    columns = ["device", "name", "n_channels", "sr", "is_default"]
    return pd.DataFrame(rows, columns=columns).set_index("device")
