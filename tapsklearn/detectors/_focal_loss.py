"""Focal loss: cross-entropy that looks at what is still hard."""

from torch import Tensor, nn


class FocalLoss(nn.Module):
    """Cross-entropy of each take times ``(1 - p) ** gamma`` of its own probability.

    T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017,
    arXiv:1708.02002, equation 4. The factor is of each take, not of the mean of
    the batch.

    Parameters
    ----------
    gamma : float, default=2.0
        How much the takes that are already known count for less.
    """

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of each take.

        Parameters
        ----------
        logits : Tensor of shape (n, n_classes)
            Logits.
        targets : Tensor of shape (n,)
            Classes.

        Returns
        -------
        Tensor of shape (n,)
            Losses.
        """
        losses = nn.functional.cross_entropy(logits, targets, reduction="none")
        return (1 - (-losses).exp()) ** self.gamma * losses
