"""Both papers on the same digits networks: subspace match, and the three alignments of Convergent Learning.

Paper:     Li et al. 2015 (arXiv:1511.07543), sections 3 to 5, on the networks of configs/digits_vgg.py.
Command:   jaxrepsim run configs/digits_convergent.py
Time:      about three minutes on two CPU cores, of which the alignments take less than one.
Expected:  mean correlation of one-to-one partners about 0.5 to 0.6 in conv1 and conv8, 0.3 to 0.4 in conv2 to conv4;
           the best held-out R² of sparse prediction about 0.5 in conv4, by nearly all units, and 0.9 or more in conv8.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.parts import (
    Clusters,
    ExcitingImages,
    MinimalMatches,
    MutualInformation,
    OneToOne,
    SparsePrediction,
)

config = RunConfig(
    title="VGG-11 on the digits: Convergent Learning beside subspace match",
    description="Do small VGG networks learn the same features one to one, one to many, or many to many?",
    data=DataConfig(name="digits"),
    model=ModelConfig(name="vgg11_bn", width=0.25),
    training=TrainingConfig(
        seeds=(0, 1, 2),
        epochs=20,
        batch_size=32,
        learning_rate=0.05,
        weight_decay=3e-3,
        schedule="cosine",
        warmup_epochs=1,
    ),
    matching=MatchingConfig(epsilons=(0.15, 0.2, 0.25, 0.3, 0.5)),
    minimal_matches=MinimalMatches(units=4),
    one_to_one=OneToOne(on=True),
    mutual_information=MutualInformation(bins=10),
    sparse_prediction=SparsePrediction(penalties=(0.5, 0.2, 0.1, 0.03, 0.01, 1e-3, 1e-4)),
    clusters=Clusters(count=64),
    exciting_images=ExcitingImages(count=6),
)
