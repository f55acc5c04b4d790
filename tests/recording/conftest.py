"""A sound server of our own, into which sounds are played and out of which recorded."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from sound_server import SERVER, SoundServer


@pytest.fixture(scope="session")
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    for command in ("pulseaudio", "pactl", "paplay"):
        if not shutil.which(command):
            pytest.skip(f"needs {command}: run ./install-system-packages")
    folder = tmp_path_factory.mktemp("sound")
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\n")
    (folder / "run").mkdir(mode=0o700)
    # PortAudio reads them too, when it is first imported.
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(folder))
    patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    environment = dict(os.environ)
    server = subprocess.Popen(
        SERVER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            time.sleep(0.1)
            ready = subprocess.run(
                ["pactl", "set-default-source", "tap.monitor"],
                env=environment,
                capture_output=True,
                check=False,
            )
            if ready.returncode == 0:
                break
        else:
            pytest.skip("pulseaudio does not start here")
        yield SoundServer(environment, folder)
    finally:
        patch.undo()
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
