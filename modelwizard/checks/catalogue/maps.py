"""MW215 to MW217, MW226, MW231: windows, channels and pooling of convolutions."""

from __future__ import annotations

from modelwizard.checks.catalogue.page import Page

PAGES = (
    Page(
        "MW215",
        "wrong-layer-units",
        "warning",
        50,
        "The filter window is very large",
        "a two-dimensional kernel of more than 11 x 11, or of more than half the map's side above 7",
        "One large window costs more weights than a stack of 3 x 3 windows that sees the same area, and learns worse.",
        'keras.layers.Conv2D(filters, 3, activation="relu")',
        "Simonyan & Zisserman 2015, Very deep convolutional networks",
    ),
    Page(
        "MW216",
        "wrong-architecture",
        "error",
        84,
        "Channels are on the wrong axis",
        "input of a 2-D convolution with 1 or 3 on the first axis and sizes above 8 on the others, channels_last",
        "The convolution slides over the channels and takes a picture's columns for channels.",
        "x = numpy.moveaxis(x, 1, -1)",
        "keras.io/api/layers/convolution_layers/convolution2d",
    ),
    Page(
        "MW217",
        "wrong-architecture",
        "tip",
        18,
        "A huge map is flattened into a dense layer",
        "more than 100,000 values flattened, or a dense layer of more than 20 million weights behind it",
        "Nearly all weights sit in one layer, which learns positions by heart.",
        "keras.layers.GlobalAveragePooling2D() instead of Flatten(), or more pooling",
        "Lin et al. 2014, Network in network",
    ),
    Page(
        "MW226",
        "wrong-architecture",
        "tip",
        20,
        "Convolutions without any reduction of the map",
        "two or more 2-D convolutions, then Flatten, on maps of 24 x 24 or more without pooling or strides",
        "Without pooling the net sees only tiny windows and ends in a huge dense layer.",
        "keras.layers.MaxPooling2D() after each block",
        "NeuraLint (Nikanjam et al. 2021)",
    ),
    Page(
        "MW231",
        "wrong-architecture",
        "tip",
        26,
        "A window that sees nothing",
        "pooling with a window of 1, or a window above 1 on a map that has shrunk to one cell",
        "Pooling over one cell changes nothing; a filter on a map of one cell multiplies padding.",
        "keras.layers.MaxPooling2D(2), and fewer poolings before",
        "NeuraLint (Nikanjam et al. 2021)",
    ),
)
