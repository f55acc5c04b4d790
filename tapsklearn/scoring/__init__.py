"""From a fitted pipeline and recordings to scores, p-values and verdicts per board."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
