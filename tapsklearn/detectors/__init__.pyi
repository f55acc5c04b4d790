from ._arcface import ArcFaceDetector as ArcFaceDetector
from ._autoencoder import AutoencoderDetector as AutoencoderDetector
from ._crop_knn import CropKNNDetector as CropKNNDetector
from ._methods import article_methods as article_methods
from ._methods import reference_methods as reference_methods
from ._neighbor_distance import NeighborDistance as NeighborDistance
