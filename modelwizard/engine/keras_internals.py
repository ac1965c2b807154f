"""Every private name of Keras and TensorFlow that modelwizard touches, each in one function that says why.

Nothing else in the package touches one. `missing` looks whether all are still there, so that a Keras that has moved
one is noticed before anything is trained with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

# What names belong to → the names. Each has an exercise of its own in the tests.
NAMES = {
    "model": "_assert_compile_called _call_has_training_arg _compile_loss _compile_metrics _compute_loss"
    " _distribute_strategy _flatten_layers _initial_epoch _inputs_struct _loss_tracker _nodes_by_depth _outputs_struct"
    " _should_eval _symbolic_build",
    "sequential": "_functional",
    "loss": "_flat_losses _user_loss_weights",
    "metrics": "_user_metrics",
    "metric": "_fn _fn_kwargs",
    "layer": "_inbound_nodes _loss_ids _losses _non_trainable_variables _outbound_nodes _remat_mode _seed_generators"
    " _supports_masking _trainable_variables",
    "text": "_lookup_layer _preprocess",
    "tensor": "_keras_history",
    "optimizer": "_apply_weight_decay _exclude_from_weight_decay _exclude_from_weight_decay_pattern _iterations"
    " _learning_rate _model_variables_moving_average _trainable_variables _use_weight_decay",
    "variable": "_value",
    "hook": "_is_default",
    "random numbers": "convert_alg_to_int get_key_counter_alg",
    "gradients": "_registry",
}
# Attributes of a layer that change what it computes; all others of `keras.layers.Layer` are bookkeeping.
TELLING = ("activity_regularizer", "autocast", "_remat_mode", "_supports_masking")
# Those that a configuration does not tell of.
SWITCHES = TELLING[1:]
# How the names of attributes begin in which TensorFlow keeps what it tracks.
TRACKED = "_self_"
# Where a model keeps what the engine has compiled for it.
_PROGRAM = "_modelwizard_program"


def missing() -> list[str]:
    """List the names that the installed Keras and TensorFlow lack; takes some 50 ms."""
    owners = _owners()
    names = [f"{of}.{name}" for of in owners for name in NAMES[of].split() if not hasattr(owners[of], name)]
    if not names:  # what would not raise, but change what is trained
        parts = (keras.layers.Dense, keras.losses.Huber, keras.metrics.AUC, keras.optimizers.Adam, keras.Model.fit)
        names += [f"{part.__name__}.__module__" for part in parts if not of_keras(part)]
        names += ["model.Functional"] * (not is_graph(owners["model"]))
        names += ["layer._seed_generators"] * (not seed_generators(owners["layer"]))
    return names


def _owners() -> dict[str, Any]:
    """Return a sample of everything that has a private name; None in the place of what cannot be made."""
    # Named and seeded, so that neither automatic names nor Python's random state move on.
    inputs = keras.Input((1,), name="inputs")
    layer = keras.layers.Dropout(0.5, seed=0, name="dropout")
    dense = keras.layers.Dense(1, kernel_initializer="zeros", name="dense")
    model: Any = keras.Model(inputs, dense(layer(inputs)), name="sample")
    optimizer: Any = keras.optimizers.SGD(use_ema=True, name="sgd")
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "mse", metrics=["mae"])
    found: dict[str, Any] = {
        "model": model,
        "sequential": keras.Sequential([layer], name="sequential"),
        "loss": getattr(model, "_compile_loss", None),
        "metrics": getattr(model, "_compile_metrics", None),
        "metric": keras.metrics.MeanAbsoluteError(),
        "layer": layer,
        "text": keras.layers.TextVectorization(name="text"),
        "tensor": model.outputs[0],
        "optimizer": optimizer,
        "variable": model.trainable_variables[0],
        "hook": keras.callbacks.Callback().on_train_batch_end,
    }
    for owner, find in (("random numbers", random_ops), ("gradients", _gradients)):
        try:
            found[owner] = find()
        except (ImportError, AttributeError):
            found[owner] = None
    return found


# Models.


def layers(model: Any) -> list[Any]:
    """List a model and its layers at every depth, the model first; `model.layers` gives those at its top."""
    return list(model._flatten_layers())


def is_graph(model: Any) -> bool:
    """Say whether a model is Functional or Sequential, and no subclass of these: Functional has no public name."""
    return of_keras(type(model)) and type(model).__name__ in ("Functional", "Sequential")


def assert_compiled(model: Any) -> None:
    """Raise the error of `model.fit` for a model that was not compiled."""
    model._assert_compile_called("fit")


def compile_loss(model: Any) -> Any:
    """Return the loss of `compile` with its weights, a function of targets, outputs and sample weights; or None."""
    return model._compile_loss


def compile_metrics(model: Any) -> Any:
    """Return the metrics of `compile` as one, or None; `model.metrics` holds the losses' own means, too."""
    return model._compile_metrics


def loss_weights(model: Any) -> Any:
    """Return `loss_weights` as they were given to `compile`, of which no public attribute tells."""
    return model._compile_loss._user_loss_weights if model._compile_loss is not None else None


def metrics_given(model: Any) -> Any:
    """Return `metrics` as they were given to `compile`, or None."""
    return getattr(getattr(model, "_compile_metrics", None), "_user_metrics", None)


def take_loss(model: Any, other: Any) -> None:
    """Let a model that is never trained have the loss that another one was compiled with."""
    model.loss, model._compile_loss = other.loss, other._compile_loss


def losses(model: Any) -> list[Any]:
    """List the loss functions of `compile`, one an output, once they are built."""
    return [entry.loss for entry in model._compile_loss._flat_losses or []]


def compute_loss(model: Any, x: Any, y: Any, outputs: Any, weight: Any, *, training: bool) -> Any:
    """Compute what a training step differentiates: the wrapper that knows older signatures of `compute_loss`."""
    return model._compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=training)


def running_loss(model: Any) -> Any:
    """Return the metric that is called `loss` in the logs."""
    return model._loss_tracker


def takes_training(model: Any) -> bool:
    """Say whether `call` has an argument `training`."""
    return model._call_has_training_arg


def build_all(model: Any, x: Any, y: Any, weight: Any) -> None:
    """Create the variables of model, loss, metrics and optimizer as `model.fit` does before its first step."""
    model._symbolic_build(data_batch=(x, y, weight))


def first_epoch(model: Any, given: int) -> int:
    """Return the epoch to begin with, which `BackupAndRestore` sets on the model."""
    return model._initial_epoch or given


def validates(model: Any, epoch: int, frequency: Any) -> bool:
    """Say whether `model.fit` validates after this epoch, by `validation_freq`."""
    return model._should_eval(epoch, frequency)


def distributed(model: Any) -> bool:
    """Say whether a model was made under a `tf.distribute` strategy."""
    return model._distribute_strategy is not None


def program(model: Any) -> Any:
    """Return what `keep_program` left with a model, or None."""
    return vars(model).get(_PROGRAM)


def keep_program(model: Any, program: Any) -> None:
    """Leave a program with its model, past Keras's tracking of attributes: it lives as long, and is not saved."""
    vars(model)[_PROGRAM] = program


# Layers and tensors.


def graph(model: Any) -> Any:
    """Return the Functional model that a Sequential one wraps once it is built, else the model itself."""
    made: Any = model  # not narrowed to the class by the type checker
    return made._functional if isinstance(model, keras.Sequential) else model


def calls(model: Any) -> list[Any]:
    """List the nodes of a Functional model in running order; nothing for a model without a graph."""
    by_depth: dict[int, list[Any]] = getattr(model, "_nodes_by_depth", {})
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def nesting(model: Any, side: str) -> Any:
    """Return how the tensors of a Functional model were nested when it was made, on one side (inputs, outputs)."""
    return getattr(model, f"_{side}_struct", None)


def own_variables(layer: Any, *, trained: bool = False) -> list[Any]:
    """List the variables of a layer itself, without those of layers inside it; or only the trained ones."""
    return layer._trainable_variables + ([] if trained else layer._non_trainable_variables)


def adds_loss(layer: Any) -> bool:
    """Say whether a layer has called `add_loss`; `layer.losses` holds penalties of weights, too."""
    return bool(layer._losses or layer._loss_ids)


def seed_generators(layer: Any) -> list[Any]:
    """List the random states of a layer, without those of layers inside it."""
    return layer._seed_generators


def links(layer: Any) -> tuple[list[Any], list[Any]]:
    """Return the nodes of a layer's calls, and of the calls that take its outputs, as lists to be written to."""
    return layer._inbound_nodes, layer._outbound_nodes


def producer(tensor: Any) -> tuple[Any, Any]:
    """Return the operation that gave a symbolic tensor out, and that call's node."""
    history = tensor._keras_history
    return history.operation, history.operation._inbound_nodes[history.node_index]


def words(layer: Any, values: Any) -> Any:
    """Return the words that a `TextVectorization` looks up in its vocabulary; what any other layer is given."""
    if isinstance(layer, keras.layers.TextVectorization):
        return layer._preprocess(values)  # pyright: ignore[reportPrivateUsage]
    return values


def lookup(layer: Any) -> Any:
    """Return the layer in which a `TextVectorization` keeps its vocabulary; any other layer itself."""
    return getattr(layer, "_lookup_layer", layer)


def wrapped(thing: Any) -> Any:
    """Return the function that a loss (`fn`) or a metric (`_fn`) averages, or None."""
    return getattr(thing, "_fn", None) or getattr(thing, "fn", None)


def keywords(thing: Any) -> dict[str, Any]:
    """Return what the function that a loss or a metric averages is called with, beside targets and outputs."""
    return getattr(thing, "_fn_kwargs", None) or {}


def of_keras(thing: Any) -> bool:
    """Say whether a class or a function is Keras's own."""
    return getattr(thing, "__module__", "").startswith("keras.")


def unused(hook: Any) -> bool:
    """Say whether a method of a callback is the empty one of `keras.callbacks.Callback`, which Keras marks."""
    return hook is None or getattr(hook, "_is_default", False)


# Optimizers and variables.


def learning_rate(optimizer: Any) -> Any:
    """Return the schedule or the variable; `optimizer.learning_rate` gives a schedule's number."""
    return optimizer._learning_rate


def set_schedule(optimizer: Any, schedule: Any) -> None:
    """Set a schedule that no configuration can tell."""
    optimizer._learning_rate = schedule


def steps_taken(optimizer: Any) -> int:
    """Return the number of steps, those that only accumulate gradients included (`iterations` leaves them out)."""
    return int(optimizer._iterations)


def moving_averages(optimizer: Any) -> list[Any]:
    """List the averages of the weights that `use_ema` keeps, None for those without."""
    return optimizer._model_variables_moving_average


def averaged_variables(optimizer: Any) -> list[Any]:
    """List the weights in the order of `moving_averages`."""
    return optimizer._trainable_variables


def bare_averages(optimizer: Any) -> None:
    """Keep averages as variables of TensorFlow: a Keras variable refuses values of another length."""
    optimizer._model_variables_moving_average = [v.value for v in optimizer._model_variables_moving_average]


def decays(optimizer: Any, variable: Any) -> bool:
    """Say whether weight decay holds for a variable; Keras looks it up by the variable's value."""
    return optimizer._use_weight_decay(variable.value)


def spares(optimizer: Any) -> bool:
    """Say whether `exclude_from_weight_decay` has spared some weights; the attributes come with its first call."""
    return any(getattr(optimizer, f"_exclude_from_weight_decay{end}", None) for end in ("", "_pattern"))


def set_decay(optimizer: Any, decay: Callable[[Sequence[Any]], None]) -> None:
    """Let an optimizer decay weights by another function: that of Keras knows one factor for all."""
    optimizer._apply_weight_decay = decay


def open_length(variable: Any) -> Any:
    """Let a Keras variable take vectors of any length: Keras holds a shape fixed where TensorFlow need not."""
    variable._value = tf.Variable(tf.reshape(variable.value, [-1]), shape=[None], trainable=False)
    return variable


# TensorFlow.


def random_ops() -> Any:
    """Return the module whose `get_key_counter_alg` chooses the algorithm of every stateless random op."""
    from tensorflow.python.ops import random_ops_util

    return random_ops_util


def gradient_registry() -> dict[str, Any]:
    """Return the registry in which TensorFlow keeps the closures of custom gradients for ever."""
    return _gradients()._registry


def keeps() -> bool:
    """Say whether definitions of functions can be called that were taken out of a graph; nothing needs it."""
    try:
        return all(hasattr(_context(), name) for name in ("add_function_def", "call_function", "remove_function"))
    except (ImportError, AttributeError):
        return False


def add_functions(definitions: Sequence[Any]) -> None:
    """Make definitions of functions (`FunctionDef`) known to this process."""
    for definition in definitions:
        _context().add_function_def(definition)


def remove_functions(names: Sequence[str]) -> None:
    """Forget functions that `add_functions` made known."""
    for name in names:
        _context().remove_function(name)


def call_function(name: str, inputs: Sequence[Any], outputs: int) -> list[Any]:
    """Call a function by its name, as the concrete function that it was taken from is called."""
    return list(_context().call_function(name.encode(), list(inputs), outputs))


def _context() -> Any:
    from tensorflow.python.eager import context

    return context.context()


def _gradients() -> Any:
    from tensorflow.python.framework import ops

    return ops.gradient_registry
