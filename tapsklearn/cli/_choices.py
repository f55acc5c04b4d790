"""Which methods and folds a command runs, and what the recordings allow."""

from pathlib import Path
from typing import Any

# It trains nothing, needs normal boards only, and is near the best on every set of
# recordings (benchmarks/results/novelty_ideas.md).
DEFAULT_METHOD = "joined"
# The default, and what it has to beat; of the methods that train, one that needs normal
# boards only and one that classifies boards.
DEFAULT_METHODS = (
    *(DEFAULT_METHOD, "encoder-knn", "spectrum-mahalanobis", "spectrum-knn"),
    *("crop-knn", "tuned-ae", "tuned-cnn-shallow"),
)
MOST_FOLDS = 5
# Abnormal ones, of which one at least is left when another is left out.
ENOUGH_SPECIMENS = 2


def choose_methods(
    names: list[str], epochs: int | None, *, option: str
) -> dict[str, Any]:
    """Find methods by their names.

    Parameters
    ----------
    names : list of str
        Names.
    epochs : int or None
        Epochs of those that train. If None, their own.
    option : str
        The option that names them.

    Returns
    -------
    dict of str to detector
        Unfitted detectors.

    Raises
    ------
    ValueError
        If there is no method of such a name.
    """
    from tapsklearn.detectors import article_methods, reference_methods, tuned_methods

    known = {**tuned_methods(), **article_methods(), **reference_methods()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"{option}: there is no {', '.join(unknown)}; methods are "
            f"{', '.join(known)}"
        )
    chosen = {name: known[name] for name in names}
    set_epochs(chosen, epochs)
    return chosen


def set_epochs(methods: dict[str, Any], epochs: int | None) -> None:
    """Set the epochs of all methods that train.

    Parameters
    ----------
    methods : dict of str to detector
        Unfitted detectors, whose parameter is set.
    epochs : int or None
        Epochs. If None, their own stay.
    """
    for method in methods.values():
        if epochs is not None and "max_epochs" in method.get_params():
            method.set_params(max_epochs=epochs)


def add_contrast(methods: dict[str, Any], takes: Any) -> None:
    """Let known defects count in the score of all methods that can, if they suffice.

    Parameters
    ----------
    methods : dict of str to detector
        Unfitted detectors, whose parameter is set.
    takes : Bunch
        What `load_takes` returned.
    """
    abnormal = takes.specimens.keys() - set(takes.normal_boards)
    if len({takes.specimens[board] for board in abnormal}) < ENOUGH_SPECIMENS:
        return
    for method in methods.values():
        # The error of a reconstruction has nothing to compare.
        if method.get_params().get("score_space") != "reconstruction":
            method.set_params(contrast=True)


def choose_folds(
    directory: Path, takes: Any, folds: int | None, *, by: str = "specimen"
) -> Any:
    """Split boards into as many folds as asked for, or as can be.

    Parameters
    ----------
    directory : Path
        The folder that the takes are of.
    takes : Bunch
        What `load_takes` returned.
    folds : int or None
        How many. If None, as many as can be made, up to five.
    by : {"specimen", "session"}, default="specimen"
        What is never on both sides of a split.

    Returns
    -------
    BoardKFold
        The splitter.

    Raises
    ------
    ValueError
        If the boards are too few to be split, or to be split so often.
    """
    from tapsklearn.model_selection import BoardKFold, count_feasible_folds

    try:
        feasible = count_feasible_folds(takes.board, by=by, truth=takes.truth)
    except ValueError as error:
        raise ValueError(f"{directory}: {error}") from error
    if folds and folds > feasible:
        raise ValueError(
            f"{directory}: --folds {folds} is too many: each fold needs normal and "
            f"abnormal {by}s of its own, which makes at most {feasible}"
        )
    return BoardKFold(folds or min(MOST_FOLDS, feasible), by=by, truth=takes.truth)


def require_normal_boards(directory: Path, takes: Any) -> None:
    """Check that there is something to train on.

    Parameters
    ----------
    directory : Path
        The folder that the takes are of.
    takes : Bunch
        What `load_takes` returned.

    Raises
    ------
    ValueError
        If no board is normal.
    """
    if not takes.normal_boards:
        raise ValueError(
            f"{directory}: none of its boards is normal; --normal names those that are"
        )


def require_both_conditions(directory: Path, takes: Any) -> None:
    """Check that there is something to compare methods with.

    Parameters
    ----------
    directory : Path
        The folder that the takes are of.
    takes : Bunch
        What `load_takes` returned.

    Raises
    ------
    ValueError
        If no board is normal, or none abnormal.
    """
    require_normal_boards(directory, takes)
    if len(takes.normal_boards) == len(takes.specimens):
        raise ValueError(
            f"{directory}: all its boards are normal, and methods can only be compared "
            "by abnormal ones; `tapsklearn train` needs normal boards only"
        )
