"""How columns of text become blocks of inputs. All vocabularies are those of the rows handed in: training rows."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

import data
from blocks import Part, layer_names

# modelwizard: if embeddings
SMALL = 12  # flags that a column of categories may become; above, they get ids for an embedding
# modelwizard: end
# modelwizard: if categories or texts
RARE = 3  # what is seen in fewer rows is treated like what was never seen
# modelwizard: end
# modelwizard: if texts
WORDS = 5000  # words kept for each free-text column
# modelwizard: end


# modelwizard: if categories
def categories(features: dict[str, Any], rows: data.Rows) -> list[Part]:
    """Look categories up: id 0 for rare and unseen ones, then one id each; a missing value is a category."""
    parts = []
    layers = layer_names(features)
    for name in [name for name in features if data.KINDS.get(name) in ("categorical", "boolean")]:
        levels, counts = np.unique(rows.x[name].astype(str), return_counts=True)
        known = levels[counts >= min(RARE, counts.max())].tolist()
        ids = keras.layers.StringLookup(vocabulary=known, name=f"lookup_{layers[name]}")(features[name])
        size = len(known) + 1
        # modelwizard: if embeddings
        if size > SMALL:
            parts.append(Part("categorical", ops.cast(ids, "int32"), [name], size))
            continue
        # modelwizard: end
        parts.append(Part("flags", ops.one_hot(ops.squeeze(ids, 1), size), [name] * size))
    return parts


# modelwizard: end
# modelwizard: if texts
def texts(features: dict[str, Any], rows: data.Rows) -> list[Part]:
    """Weigh words by TF-IDF and scale each row to length one; rare words are left out."""
    parts = []
    layers = layer_names(features)
    for name in [name for name in features if data.KINDS.get(name) == "text"]:
        found = keras.layers.TextVectorization(WORDS, output_mode="multi_hot")
        found.adapt(rows.x[name])
        batches = np.array_split(rows.x[name], -(-len(rows.y) // 4096))
        counts = np.sum([ops.convert_to_numpy(found(batch)).sum(axis=0) for batch in batches], axis=0)[1:]
        common = np.flatnonzero(counts >= min(RARE, counts.max(initial=0)))
        known = np.array(found.get_vocabulary(include_special_tokens=False))[common].tolist()
        words = keras.layers.TextVectorization(
            output_mode="tf_idf",
            vocabulary=known,
            idf_weights=np.log1p(len(rows.y) / (1 + counts[common])),
            name=f"words_{layers[name]}",
        )
        size = len(known) + 1  # the first is any other word
        weights = keras.layers.Reshape((size,))(words(features[name]))
        length = keras.layers.UnitNormalization(name=f"length_{layers[name]}")
        parts.append(Part("text", length(weights), [name] * size))
    return parts


# modelwizard: end
