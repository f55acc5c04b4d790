from ._autoencoder import ConvAutoencoder as ConvAutoencoder
from ._fold_batch_norm import fold_batch_norm as fold_batch_norm
from ._random_conv import RandomConvBlocks as RandomConvBlocks
from ._resnet18 import ResNet18 as ResNet18
from ._score_spaces import extract_features as extract_features
from ._shallow import ShallowCNN as ShallowCNN
from ._variational import VariationalAutoencoder as VariationalAutoencoder
