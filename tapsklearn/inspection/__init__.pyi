from ._comparison_display import ComparisonDisplay as ComparisonDisplay
from ._embedding_display import EmbeddingDisplay as EmbeddingDisplay
from ._explain_takes import explain_takes as explain_takes
from ._explanation import Explanation as Explanation
from ._explanation_display import ExplanationDisplay as ExplanationDisplay
from ._listening import difference as difference
from ._listening import pitch_down as pitch_down
from ._listening import slow_down as slow_down
from ._nearest_normal import nearest_normal as nearest_normal
from ._reconstruction_display import ReconstructionDisplay as ReconstructionDisplay
from ._recording_display import RecordingDisplay as RecordingDisplay
from ._report_page import check_report as check_report
from ._roc_curve_display import RocCurveDisplay as RocCurveDisplay
from ._save_figures import save_figures as save_figures
from ._score_replaced import score_replaced as score_replaced
from ._spectrogram_display import SpectrogramDisplay as SpectrogramDisplay
from ._take_scores_display import TakeScoresDisplay as TakeScoresDisplay
from ._verdict_curve_display import VerdictCurveDisplay as VerdictCurveDisplay
from ._write_comparison_report import (
    write_comparison_report as write_comparison_report,
)
from ._write_report import check_can_report as check_can_report
from ._write_report import write_report as write_report
