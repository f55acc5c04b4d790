"""The sound of a tapped board: plate, defect, strike, microphone and room.

A free orthotropic plate is solved for its modes of vibration, intact or with a crack,
a hole or a delamination; a stick strikes it; a microphone records what the modes
radiate. Everything is in SI units: metres, kilograms, seconds, pascals.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
