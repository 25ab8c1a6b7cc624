"""VGG-16 on ImageNet at 224 pixels, three seeds.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1 (b).
Data:      jaxrepsim data prepare imagenet2012 --archive FOLDER, the folder with ILSVRC2012_img_train.tar and
           ILSVRC2012_img_val.tar; the prepared set is as large as they are, about 150 GB.
Command:   python experiments/figure1.py configs/figure1/vgg16_imagenet.py
Time:      not run here; `python -m benchmarks.expected configs/figure1/vgg16_imagenet.py` gives a lower bound.
Expected:  top-1 accuracy as published: 71.59 % on a single centre crop (torchvision, VGG16_Weights.IMAGENET1K_V1).
           Similarity as in the paper: near zero in most convolutions at ε up to 0.3.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

config = RunConfig(
    title="VGG-16 on ImageNet, three seeds",
    data=DataConfig("imagenet2012", train_split="train", validation_split="validation", image_size=224, workers=16),
    model=ModelConfig("imagenet_vgg16"),
    training=recipes.imagenet_training("imagenet_vgg16"),
    # Maps of 224 pixels: 54 MB an image and seed in float32.
    matching=replace(recipes.paper_matching(), batch_size=32),
)
