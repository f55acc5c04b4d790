"""What the networks are trained to make small."""

from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor, nn


class FocalLoss(nn.Module):
    """Cross-entropy of each take times ``(1 - p) ** gamma`` of its own probability.

    T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017,
    arXiv:1708.02002, equation 4. The factor is of each take, not of the mean of
    the batch.

    Parameters
    ----------
    gamma : float, default=2.0
        How much less the takes count that are classified well already.
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


class ClassLoss(nn.Module):
    """The layer that classifies embeddings by board, and the loss of its classes.

    Parameters
    ----------
    head : Module
        From embeddings to logits.
    loss : Module
        Of logits and classes.
    """

    def __init__(self, head: nn.Module, loss: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.loss = loss

    def forward(self, embeddings: Tensor, boards: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        embeddings : Tensor of shape (n, embedding_dim)
            Embeddings.
        boards : Tensor of shape (n,)
            Boards, as numbers from 0 on.

        Returns
        -------
        Tensor of shape ()
            The mean loss.
        """
        return self.loss(self.head(embeddings), boards).mean()


class MinedTripletLoss(nn.Module):
    """The mean loss of the triplets that a miner chooses of a batch.

    Parameters
    ----------
    margin : float
        By how much the squared distance to the other board must be the larger.
    mining : {"all", "semihard", "hard"}
        Which triplets are chosen.
    """

    def __init__(self, margin: float, mining: str) -> None:
        super().__init__()
        # The library's own distance is between embeddings scaled to length 1.
        distance = LpDistance(normalize_embeddings=False, power=2)
        self.miner = TripletMarginMiner(margin, mining, distance=distance)
        self.loss = TripletMarginLoss(margin, distance=distance, reducer=MeanReducer())

    def forward(self, embeddings: Tensor, boards: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        embeddings : Tensor of shape (n, embedding_dim)
            Embeddings.
        boards : Tensor of shape (n,)
            Boards, as numbers.

        Returns
        -------
        Tensor of shape ()
            The mean loss; 0 without any triplet.
        """
        return self.loss(embeddings, boards, self.miner(embeddings, boards))


class FeatureLoss(nn.Module):
    """A loss of what reconstructs features, of which the network gives both.

    Parameters
    ----------
    loss : Module
        Of what the network makes of the features, and these.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, outputs: tuple[Tensor, ...], crops: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        outputs : tuple of Tensor
            What the network makes of the features, and last the features.
        crops : Tensor
            What they are the features of; not used.

        Returns
        -------
        Tensor of shape ()
            The mean loss.
        """
        *made, features = outputs
        return self.loss(made[0] if len(made) == 1 else tuple(made), features)


class EvidenceLoss(nn.Module):
    """The negative evidence lower bound of a crop, times 2 / number of pixels.

    So scaled it is the mean squared error plus a share of the divergence.

    Parameters
    ----------
    kl_weight : float
        Weight of the divergence; 1 is the bound.
    """

    def __init__(self, kl_weight: float) -> None:
        super().__init__()
        self.kl_weight = kl_weight

    def forward(self, outputs: tuple[Tensor, Tensor, Tensor], crops: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        outputs : tuple of Tensor
            Reconstructions, and means and logarithms of the variances of the latents.
        crops : Tensor of shape (n, 1, n_freqs, n_frames)
            What is to be reconstructed.

        Returns
        -------
        Tensor of shape ()
            The mean loss.
        """
        reconstructions, mean, log_variance = outputs
        divergence = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2
        error = nn.functional.mse_loss(reconstructions, crops)
        return error + 2 * self.kl_weight * divergence / crops.numel()
