from ._board_verdicts import board_verdicts as board_verdicts
from ._board_verdicts import verdict_curve as verdict_curve
from ._score_files import score_files as score_files
