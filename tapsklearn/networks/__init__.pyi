from ._autoencoder import ConvAutoencoder as ConvAutoencoder
from ._random_conv import RandomConvBlocks as RandomConvBlocks
from ._resnet18 import ResNet18 as ResNet18
from ._shallow import ShallowCNN as ShallowCNN
from ._variational import VariationalAutoencoder as VariationalAutoencoder
