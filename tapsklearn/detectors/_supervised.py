"""What the detectors that are trained on boards have in common."""

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._encoder import begin_with_encoder
from tapsklearn.detectors._training import TrainedDetector
from tapsklearn.networks import FineTunedEncoder, ResNet18, ShallowCNN


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class SupervisedDetector(TrainedDetector):
    """Train a network to separate boards, and score takes by what it makes of them.

    Parameters
    ----------
    backbone : {"shallow", "shallow-bn", "resnet18", "encoder"}, default="shallow-bn"
        The network that makes the embedding: the article's shallow one, the same with
        batch normalization, the article's ResNet-18, or the encoder that comes with the
        package (see `EncoderDetector`), whose last block is trained at a tenth of `lr`,
        with a linear layer behind it.
    embedding_dim : int, default=64
        Size of the embedding.
    merge_normal : bool, default=False
        Whether all normal boards are one class, as it seems to be in the article.
    score_space : {"pooled", "time_pooled", "embedding"}, default="pooled"
        What is scored: the mean and deviation of each channel of the middle maps,
        which keep what an unseen defect changes; of each row of these maps over time,
        which keeps at which frequency; or the embedding.
    """

    _parameter_constraints: ClassVar[dict] = {
        **TrainedDetector._parameter_constraints,
        "backbone": [StrOptions({"shallow", "shallow-bn", "resnet18", "encoder"})],
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "merge_normal": ["boolean"],
        "score_space": [StrOptions({"pooled", "time_pooled", "embedding"})],
    }

    backbone: str = field(default="shallow-bn", kw_only=False)
    embedding_dim: int = 64
    merge_normal: bool = False

    _targets = "classes"
    # Whether embeddings have length 1, for losses that depend on angles alone.
    _unit_sphere: ClassVar[bool] = False
    # Size of a further layer before the embedding of ResNet-18.
    _hidden_dim: ClassVar[int | None] = None

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        if self.backbone == "resnet18":
            return ResNet18(
                input_shape,
                embedding_dim=self.embedding_dim,
                hidden_dim=self._hidden_dim,
                unit_sphere=self._unit_sphere,
            )
        if self.backbone == "encoder":
            return begin_with_encoder(
                self,
                lambda channels: FineTunedEncoder(
                    input_shape,
                    channels=channels,
                    embedding_dim=self.embedding_dim,
                    unit_sphere=self._unit_sphere,
                ),
            )
        return ShallowCNN(
            input_shape,
            embedding_dim=self.embedding_dim,
            batch_norm=self.backbone == "shallow-bn",
            unit_sphere=self._unit_sphere,
        )

    def _choose_classes(
        self, boards: NDArray[Any], is_normal: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        numbers = np.unique(boards, return_inverse=True)[1].astype(np.int64)
        if self.merge_normal:
            numbers[is_normal] = -1
            numbers = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        if numbers.max() < 1:
            raise ValueError(
                f"{type(self).__name__} is trained to separate boards, but y holds "
                "only 1 class; give takes of more boards, or merge_normal=False"
            )
        return np.ones(len(boards), dtype=bool), numbers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        # scikit-learn fits those that it calls outlier detectors without y.
        tags.estimator_type = None
        return tags
