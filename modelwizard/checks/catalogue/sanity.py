"""MW513 to MW516, MW518 to MW520, MW532, MW533: sanity checks on a copy, and what a project's last run left."""

from __future__ import annotations

from modelwizard.checks.catalogue.page import Page

_KARPATHY = "Karpathy 2019, A recipe for training neural networks"

PAGES = (
    Page(
        "MW513",
        "bad-weight-init",
        "tip",
        41,
        "The first loss is far from theory",
        "loss before the first step above 3 ln K + 0.5 (K classes), or above 20 times a constant's for amounts of unit "
        "scale",
        "A model that knows nothing should be undecided. One that is sure of wrong answers has to unlearn first.",
        'kernel_initializer="glorot_uniform", at least for the last layer',
        _KARPATHY,
    ),
    Page(
        "MW514",
        "underfitting",
        "tip",
        44,
        "One batch cannot be learned by heart",
        "loss on 16 rows after 200 to 800 steps on nothing else: above half of a constant's. A warning above 90 % "
        "after 400 steps, if the whole training beats no constant either and no layer is frozen",
        "What fits nothing to 16 rows will fit nothing to more: a layer blocks the gradient, or loss and labels do not "
        "belong together.",
        "look for dead or saturated layers, heavy dropout or penalties, a loss that does not fit the labels",
        _KARPATHY,
    ),
    Page(
        "MW515",
        "wrong-architecture",
        "tip",
        34,
        "An input makes no difference",
        "loss on rows held back with this input at zero: within 1e-4 of the loss as it is",
        "It is not connected to the output, or holds nothing that the others do not.",
        "connect it, or leave it out",
        _KARPATHY,
    ),
    Page(
        "MW516",
        "bad-learning-rate",
        "tip",
        36,
        "The steps do not fit the weights",
        "change of a kernel in the first step over its size, the median over layers: above 0.3, or below 1e-6",
        "A step of the size of the weights throws them away; one of a millionth never arrives.",
        "optimizer=keras.optimizers.Adam(1e-3)",
        "TheDeepChecker (Ben Braiek & Khomh 2023); cs231n, Neural networks 3: about 1e-3 is usual",
    ),
    Page(
        "MW518",
        "overfitting",
        "tip",
        32,
        "The probabilities are too sure",
        "temperature fitted to rows not trained on above 1.5, and the log loss falls by 10 % (and 0.05) with it",
        "They say 99 % and are right in 80 %: decisions with costs go wrong although the accuracy is good.",
        "keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True), or divide the logits by the temperature",
        "Guo et al. 2017, On calibration of modern neural networks",
    ),
    Page(
        "MW519",
        "train-test-mismatch",
        "warning",
        58,
        "Validation rows are predicted much better than training rows",
        "loss on validation rows below a quarter of that on training rows held back (half of training rows in a run)",
        "They are easier, prepared in another way, or copies of rows trained on.",
        "split once, at random, before anything else: sklearn.model_selection.train_test_split",
        "UMLAUT (Schoop et al. 2021); Kaufman et al. 2012, Leakage in data mining",
    ),
    Page(
        "MW520",
        "train-test-mismatch",
        "warning",
        66,
        "Validation rows are of another kind than training rows",
        "loss on validation rows 4 times that on training rows held back, and 1.5 times that of a constant",
        "Neither were trained on, so it is not overfitting: the two are prepared or drawn in different ways.",
        "fit scalers and vocabularies on the training rows and apply the same ones to validation rows",
        "Quiñonero-Candela et al. 2009, Dataset shift in machine learning",
    ),
    Page(
        "MW532",
        "no-learning",
        "tip",
        40,
        "The loss rises",
        "each of the last three stretches above 1.5 times the first step's loss",
        "Each step leads away from the minimum: the steps are too long, or the loss has a wrong sign.",
        "a learning rate ten times lower",
        "AUTOTRAINER (Zhang et al. 2021); TheDeepChecker (Ben Braiek & Khomh 2023)",
    ),
    Page(
        "MW533",
        "no-learning",
        "tip",
        43,
        "The weights of a layer do not change",
        "trainable kernels that are bit for bit what they were after 20 steps or more",
        "Their gradient is exactly zero: dead or saturated units stand behind them.",
        "look at the layer behind: its activation, its first biases, the scale of what reaches it",
        "DeepLocalize (Wardat et al. 2021)",
    ),
)
