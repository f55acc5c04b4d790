"""The methods of the benchmark on detection, and what each is asked for."""

from dataclasses import dataclass
from typing import Any

from data_sets import SEEDED, SMOKE, SYNTHESIZED
from features import KINDS, has_features
from peers import SEEDED_PEERS, TRAINED_PEERS, has_pyod, list_peers
from sklearn.base import clone

from tapsklearn.detectors import article_methods, reference_methods, tuned_methods

CONTRAST = ", contrast"
REFERENCE, PEER, TRAINED_PEER, SHALLOW, RESNET18 = range(5)
# On a processor three seeds of everything would take a day. So ResNet-18 is trained
# for a few epochs on synthesized boards, the article's networks there and on the floor.
RESNET18_EPOCHS = 3
ASKED_OF_ARTICLE = (*SYNTHESIZED, "hammer-floor")
# No network is trained where the figures say nothing, or where a single abnormal
# specimen is trained on.
NOT_TRAINED_ON = (*SMOKE, "bolts-flange, heads")


@dataclass(frozen=True)
class Method:
    """A detector, and what its evaluation has to know of it.

    Attributes
    ----------
    detector : estimator
        Unfitted.
    cost : int
        What is quick comes first.
    data_sets : tuple of str or None
        What it is asked for. If None, everything.
    kinds : tuple of str
        With which features.
    is_random : bool
        Whether the seed changes its scores.
    ignores_defects : bool
        Whether abnormal takes among those trained on change nothing.
    needs_defects : bool
        Whether it cannot be trained on normal takes alone.
    """

    detector: Any
    cost: int
    data_sets: tuple[str, ...] | None = None
    kinds: tuple[str, ...] = KINDS
    is_random: bool = False
    ignores_defects: bool = True
    needs_defects: bool = False

    @property
    def trains(self) -> bool:
        """Whether it is one of the article's eight."""
        return self.cost >= SHALLOW

    @property
    def is_brief(self) -> bool:
        """Whether it has a network, and is asked on the brief splits alone."""
        return self.is_random and self.cost != PEER

    def is_asked(self, data_set: str, kind: str) -> bool:
        """Return whether it is evaluated on a set with some features."""
        if self.trains and data_set in NOT_TRAINED_ON:
            return False
        of_set = self.data_sets is None or data_set in self.data_sets
        return of_set and kind in self.kinds and has_features(kind, data_set)

    def list_seeds(self, data_set: str, n_seeds: int) -> range:
        """Return the seeds it is asked for: one, if none changes a number."""
        return range(n_seeds if self.is_random or data_set in SEEDED else 1)


def list_methods() -> dict[str, Method]:
    """Return all methods by name.

    Of those that train, ``contrast`` is on where they have features to compare, and
    their row without it is of the same network. Ours are asked with features that fit,
    the article's with its own too.
    """
    methods = {}
    for name, detector in reference_methods().items():
        is_random = name.startswith("randomconv")
        methods[name] = Method(detector, REFERENCE, is_random=is_random)
        methods[name + CONTRAST] = Method(
            clone(detector).set_params(contrast=True),
            REFERENCE,
            is_random=is_random,
            ignores_defects=False,
        )
    if has_pyod():
        for name, peer in list_peers().items():
            cost = TRAINED_PEER if peer.name in TRAINED_PEERS else PEER
            methods[name] = Method(peer, cost, is_random=peer.name in SEEDED_PEERS)
    for settings, kinds, data_sets in (
        (tuned_methods(), ("auto", "by hand"), None),
        (article_methods(), ("article", "auto"), ASKED_OF_ARTICLE),
    ):
        for name, detector in settings.items():
            is_large = "resnet18" in name
            has_reference = getattr(detector, "score_space", "") != "reconstruction"
            methods[name] = Method(
                clone(detector).set_params(contrast=has_reference),
                RESNET18 if is_large else SHALLOW,
                data_sets=SYNTHESIZED if is_large else data_sets,
                kinds=kinds,
                is_random=True,
                ignores_defects=not has_reference,
                needs_defects=detector.__sklearn_tags__().target_tags.required,
            )
    return methods
