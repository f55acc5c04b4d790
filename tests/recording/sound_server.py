"""Sounds played into a sound server of our own."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

SR = 48000
SERVER = (
    *("pulseaudio", "-n", "--exit-idle-time=-1", "-L", "module-native-protocol-unix"),
    "-L",
    "module-null-sink sink_name=tap rate=48000 channels=1 format=float32le norewinds=1",
)


class SoundServer:
    """Plays what is then recorded."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder

    def play(self, sound: Any, *, delay: float = 0.5) -> subprocess.Popen[bytes]:
        """Begin to play a sound, after some seconds."""
        path = self.folder / "played.wav"
        soundfile.write(path, np.asarray(sound, np.float32), SR, subtype="FLOAT")
        command = f"sleep {delay}; exec paplay --device=tap {path}"
        return subprocess.Popen(["sh", "-c", command], env=self.environment)
