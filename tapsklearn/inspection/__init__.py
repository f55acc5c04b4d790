"""Figures and verdicts: what the takes, the scores and the comparison look like."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
