"""Sounds played into a sound server of our own."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

SR = 48000
_SERVER = (
    *("pulseaudio", "-n", "--exit-idle-time=-1", "-L", "module-native-protocol-unix"),
    "-L",
    "module-null-sink sink_name=tap rate=48000 channels=1 format=float32le norewinds=1",
)


class SoundServer:
    """Plays what is then recorded."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        environment: dict[str, str],
        folder: Path,
    ) -> None:
        self.process = process
        self.environment = environment
        self.folder = folder

    def play(self, sound: Any, *, delay: float = 0.5) -> subprocess.Popen[bytes]:
        """Begin to play a sound, after some seconds."""
        path = self.folder / "played.wav"
        soundfile.write(path, np.asarray(sound, np.float32), SR, subtype="FLOAT")
        command = f"sleep {delay}; exec paplay --device=tap {path}"
        return subprocess.Popen(
            ["sh", "-c", command], env=self.environment, stderr=subprocess.DEVNULL
        )


@contextlib.contextmanager
def start_sound_server(folder: Path) -> Iterator[SoundServer]:
    """Start a sound server whose sockets and settings are in a folder."""
    for command in ("pulseaudio", "pactl", "paplay"):
        if not shutil.which(command):
            pytest.skip(f"needs {command}: run ./install-system-packages")
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\n")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime)}
    process = subprocess.Popen(
        _SERVER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(environment)
        yield SoundServer(process, environment, folder)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


def _wait_for(environment: dict[str, str]) -> None:
    for _ in range(100):
        time.sleep(0.1)
        ready = subprocess.run(
            ["pactl", "set-default-source", "tap.monitor"],
            env=environment,
            capture_output=True,
            check=False,
        )
        if ready.returncode == 0:
            return
    pytest.skip("pulseaudio does not start here")
