from ._board_verdicts import board_verdicts as board_verdicts
from ._board_verdicts import verdict_curve as verdict_curve
from ._comparison_display import ComparisonDisplay as ComparisonDisplay
from ._embedding_display import EmbeddingDisplay as EmbeddingDisplay
from ._reconstruction_display import ReconstructionDisplay as ReconstructionDisplay
from ._roc_display import RocDisplay as RocDisplay
from ._spectrogram_display import SpectrogramDisplay as SpectrogramDisplay
from ._take_scores_display import TakeScoresDisplay as TakeScoresDisplay
