"""Hear damage: learn from tap recordings whether the next tap is normal."""

import lazy_loader

from tapsklearn._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
