"""A sound server of our own, into which sounds are played and out of which recorded."""

from collections.abc import Iterator

import pytest
from sound_server import SoundServer, start_sound_server


@pytest.fixture(scope="session")
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    with (
        start_sound_server(tmp_path_factory.mktemp("sound")) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        # PortAudio reads them too, when it is first imported.
        for name in ("HOME", "XDG_RUNTIME_DIR"):
            patch.setenv(name, server.environment[name])
        yield server
