"""The classes of ours that a model file may hold, each by its name."""

# A file names the module of each class: a class that moves needs its old place here,
# and a module there that still has it.
OUR_CLASSES = (
    "tapsklearn.detectors._arcface.ArcFaceDetector",
    "tapsklearn.detectors._augmentation.Augmentation",
    "tapsklearn.detectors._autoencoder.AutoencoderDetector",
    "tapsklearn.detectors._cnn.CNNDetector",
    "tapsklearn.detectors._crop_knn.CropKNNDetector",
    "tapsklearn.detectors._mahalanobis_distance.MahalanobisDistance",
    "tapsklearn.detectors._neighbor_distance.NeighborDistance",
    "tapsklearn.detectors._random_conv_knn.RandomConvKNNDetector",
    "tapsklearn.detectors._spaces.ReconstructionError",
    "tapsklearn.detectors._spectrum_knn.SpectrumKNNDetector",
    "tapsklearn.detectors._triplet.TripletDetector",
    "tapsklearn.detectors._vae.VAEDetector",
    "tapsklearn.preprocessing._log_spectrogram.LogSpectrogram",
    "tapsklearn.preprocessing._standardizer.Standardizer",
    "tapsklearn.preprocessing._tap_crop.TapCrop",
    "tapsklearn.preprocessing._tap_features.TapFeatures",
    "tapsklearn.preprocessing._wav_loader.WavLoader",
)
