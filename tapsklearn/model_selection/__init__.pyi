from ._board_kfold import BoardKFold as BoardKFold
from ._board_kfold import count_feasible_folds as count_feasible_folds
from ._compare import compare_methods as compare_methods
from ._comparison import Comparison as Comparison
from ._comparison import summarize as summarize
from ._rank_methods import rank_methods as rank_methods
from ._scorers import anomaly_scorer as anomaly_scorer
