from ._autoencoder import ConvAutoencoder as ConvAutoencoder
from ._shallow import ShallowCNN as ShallowCNN
