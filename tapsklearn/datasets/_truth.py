"""What is known of boards: which are normal, and what belongs together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapsklearn._labels import check_names, check_specimens


@dataclass(frozen=True)
class Truth:
    """What is known of the boards that `y` names.

    `load_takes` and `synthesize_taps` return one as `truth`; folds, scorers,
    comparisons, verdicts and displays take it as ``truth=`` in place of
    ``normal_boards=`` and ``specimens=``.

    Parameters
    ----------
    normal_boards : collection of labels
        Boards that are normal.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    kinds : mapping, default=None
        Kind of defect of abnormal boards. If None, unknown.
    sessions : mapping, default=None
        Session in which each board was recorded. If None, unknown.

    See Also
    --------
    tapsklearn.datasets.load_takes : Find recordings, and what is known of them.

    Examples
    --------
    >>> truth = Truth(["oak", "ash"], specimens={"oak": "tree 1", "ash": "tree 2"})
    >>> truth.normal_boards
    ('oak', 'ash')
    """

    normal_boards: Sequence[Any]
    specimens: Mapping[Any, Any] | None = None
    kinds: Mapping[Any, Any] | None = None
    sessions: Mapping[Any, Any] | None = None

    def __post_init__(self) -> None:
        """Keep what others may change as it is now, in plain form."""
        object.__setattr__(
            self, "normal_boards", tuple(check_names(self.normal_boards))
        )
        for name in ("specimens", "kinds", "sessions"):
            known = check_specimens(getattr(self, name), name=name)
            object.__setattr__(self, name, known)
