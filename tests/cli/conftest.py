"""Commands run here, and recordings to run them on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import BOARDS, write_taps

from tapsklearn.cli import main


@pytest.fixture(scope="module")
def taps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_taps(tmp_path_factory.mktemp("taps") / "taps", BOARDS)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line here; give its exit code, output and messages."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refuse(run: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """Run what must end with one line of explanation."""

    def refuse(*arguments: str | Path) -> str:
        code, out, err = run(*arguments)
        assert code == 2
        assert out == ""
        assert err.startswith("tapsklearn: ")
        assert err.count("\n") == 1
        return err

    return refuse
