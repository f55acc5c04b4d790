"""The command line, a thin shell over the package."""

from tapsklearn.cli._main import main as main
