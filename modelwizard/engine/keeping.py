"""Traced functions kept: in memory for the next model of the same structure, on disk for the next process.

A trace takes 0.1 to 0.4 s, XLA 0.5 to 2 s more; the definitions of its functions are called anew in 3 ms, with the
variables of another model, and what XLA made of them is found under their names. A key tells everything that is a
constant of the trace. The functions get names from their contents: TensorFlow numbers them, and XLA's key holds them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
import tempfile
import threading
import weakref
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cache as once
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import msgspec
import tensorflow as tf

from modelwizard import cache
from modelwizard.engine import keras_internals as internals

# Traces kept in memory; a fit has three, a trial of a search four.
KEPT = 64
MEMORY: OrderedDict[str, Functions] = OrderedDict()
_LOCK = threading.RLock()
# What XLA has written in this process and has been looked at.
_SEEN: set[str] = set()
# Attributes of functions that name others which are not called.
_POINTERS = ("forward_function_name", "backward_function_name")
# What XLA says of a processor's properties that are its own invention when it loads a program.
_NO_ERRORS = (b"cpu_aot_loader.cc", b"tensorflow.XlaSerializedCacheEntry")


class Function(ABC):
    """A traced function."""

    @cached_property
    def operations(self) -> list[str]:
        """The type of every operation, those of loops' bodies included."""
        definitions = self.definitions()
        inputs = ["Placeholder"] * len(definitions[0].signature.input_arg)
        return inputs + [node.op for definition in definitions for node in definition.node_def]

    @abstractmethod
    def definitions(self) -> list[Any]:
        """Return the definitions (`FunctionDef`) of the function and of all that it calls."""

    @abstractmethod
    def __call__(self, *arguments: Any) -> list[tf.Tensor]:
        """Return the outputs as a flat list."""


@dataclass(frozen=True)
class Origin:
    """What functions are traced from.

    Args:
        key: Everything that is a constant of every trace.
        variables: All variables that a trace may read or write, in an order that is the same for equal keys.
    """

    key: str
    variables: Sequence[Any]


Describe = Callable[[], Origin | None]
"""Tells what is traced now: callbacks, and people between two fits, may have set what a layer reads."""


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """A trace on disk.

    Args:
        definitions: Serialised `FunctionDef`s; the first one is to be called.
        captured: Places among the variables of those that follow the arguments.
        outputs: Number of outputs.
    """

    definitions: list[bytes]
    captured: list[int]
    outputs: int


class Concrete(Function):
    """A function that is not kept."""

    def __init__(self, concrete: Any) -> None:
        self._concrete = concrete

    def definitions(self) -> list[Any]:
        """Return the definitions of the function and of all that it calls."""
        return _definitions(self._concrete)

    def __call__(self, *arguments: Any) -> list[tf.Tensor]:
        """Return the outputs as a flat list."""
        return tf.nest.flatten(self._concrete(*arguments))


class Functions:
    """The definitions of a trace, known to the process until nobody holds this.

    Args:
        entry: The trace.
        place: Where it and what XLA makes of it are kept, a path without an ending; None for nowhere.
    """

    def __init__(self, entry: Entry, place: Path | None) -> None:
        definitions = [_definition(text) for text in entry.definitions]
        self.entry, self._place, self._first = entry, place, True
        self._xla = "_XlaMustCompile" in definitions[0].attr
        self._define(definitions)

    def call(self, inputs: Sequence[Any]) -> list[tf.Tensor]:
        """Call the function, by XLA with what it made of it in another process."""
        ours = cache.of_xla()
        if not self._xla or self._place is None or ours is None:
            return self._call(inputs)
        lent = _lend(self._place, ours) if self._first else []
        self._first = False
        _SEEN.update(_listed(ours))
        try:
            with _quiet() if lent else contextlib.nullcontext():
                outputs = self._call(inputs)
        except tf.errors.OpError:  # before anything was computed
            if not lent:
                raise
            self._forget(lent)
            return self._call(inputs)
        _keep_programs(self._place, ours)
        return outputs

    def _call(self, inputs: Sequence[Any]) -> list[tf.Tensor]:
        return internals.call_function(self._name, inputs, self.entry.outputs)

    def _define(self, definitions: Sequence[Any]) -> None:
        names = [definition.signature.name for definition in definitions]
        internals.add_functions(definitions)
        weakref.finalize(self, internals.remove_functions, names).atexit = False
        self._name = names[0]

    def _forget(self, lent: Sequence[Path]) -> None:
        """Forget what XLA cannot load; it remembers the failure by the name of the function, which gets another one."""
        for path in lent:
            for kept in (path, self._place and self._place.with_name(f"{self._place.name}.{path.name}")):
                with contextlib.suppress(OSError):
                    if kept:
                        kept.unlink()
        definitions = [_definition(text) for text in self.entry.definitions]
        _rename(definitions, f"{self._name}_anew")
        self._define(definitions)


class Kept(Function):
    """A kept function with the variables of one model."""

    def __init__(self, functions: Functions, variables: Sequence[Any]) -> None:
        self._functions = functions
        self._variables = [variables[i] for i in functions.entry.captured]  # held: their handles do not hold them

    def definitions(self) -> list[Any]:
        """Return the definitions of the function and of all that it calls."""
        return [_definition(text) for text in self._functions.entry.definitions]

    def __call__(self, *arguments: Any) -> list[tf.Tensor]:
        """Return the outputs as a flat list."""
        handles = [variable.handle for variable in self._variables]
        return self._functions.call([*tf.nest.flatten(arguments), *handles])


def kept(origin: Origin | None, told: str, make: Callable[[], Any]) -> Function:
    """Return a function that was traced before from the same origin, or trace it and keep it.

    Args:
        origin: What it is traced from; None for what cannot be described.
        told: Everything that is a constant of this trace beside it.
        make: Traces it; returns a concrete function.
    """
    if origin is None or not internals.keeps():
        return Concrete(make())
    variables = [v if isinstance(v, tf.Variable) else v.value for v in origin.variables]
    name = hashlib.sha256(f"{told}\n{_settings()}\n{origin.key}".encode()).hexdigest()[:32]
    with _LOCK:
        functions = MEMORY.get(name) or _read(name, len(variables))
        if functions is None:
            concrete = make()
            entry = _entry(concrete, variables)
            if entry is None:
                return Concrete(concrete)
            functions = Functions(entry, _place(name))
            if (place := _place(name)) is not None:
                cache.write(place.with_suffix(".trace"), msgspec.msgpack.encode(entry))
        MEMORY[name] = functions
        MEMORY.move_to_end(name)
        while len(MEMORY) > KEPT:
            MEMORY.popitem(last=False)
    return Kept(functions, variables)


def _read(name: str, variables: int) -> Functions | None:
    """Return a trace that is kept on disk."""
    place = _place(name)
    content = cache.read(place.with_suffix(".trace")) if place is not None else None
    if content is None:
        return None
    try:
        entry = msgspec.msgpack.decode(content, type=Entry)
    except msgspec.DecodeError:
        return None
    return Functions(entry, place) if max(entry.captured, default=0) < variables else None


def _entry(concrete: Any, variables: Sequence[Any]) -> Entry | None:
    """Describe a concrete function; None where it holds what is no variable of its origin."""
    places = {id(variable.handle): i for i, variable in enumerate(variables)}
    captured = [places.get(id(handle)) for handle in concrete.captured_inputs]
    definitions = _definitions(concrete)
    for definition in definitions:
        for pointer in _POINTERS:
            definition.attr.pop(pointer, None)
        for node in definition.node_def:
            node.attr.pop("_gradient_op_type", None)  # the number of a closure of this process
            node.ClearField("experimental_debug_info")
    _rename(definitions, "f")
    texts = [definition.SerializeToString(deterministic=True) for definition in definitions]
    if None in captured:
        return None
    _rename(definitions, f"modelwizard_{hashlib.sha256(b''.join(texts)).hexdigest()[:32]}")
    texts = [definition.SerializeToString(deterministic=True) for definition in definitions]
    return Entry(texts, [place for place in captured if place is not None], len(concrete.outputs))


def _definitions(concrete: Any) -> list[Any]:
    """Copy the definitions of a function and of all that it calls, in the order of the calls."""
    library = {definition.signature.name: definition for definition in concrete.graph.as_graph_def().library.function}
    found = {concrete.function_def.signature.name: _definition(concrete.function_def.SerializeToString())}
    waiting = list(found.values())
    while waiting:
        definition = waiting.pop(0)
        for name in _called(definition):
            if name in library and name not in found:
                found[name] = library[name]
                waiting.append(library[name])
    return list(found.values())


def _called(definition: Any) -> list[str]:
    """List what may be names of functions that are called."""
    names: list[str] = []
    for node in definition.node_def:
        names.append(node.op)
        for _, value in sorted(node.attr.items()):
            names += [value.func.name, *(function.name for function in value.list.func)]
    return names


def _rename(definitions: Sequence[Any], prefix: str) -> None:
    """Name functions by their order."""
    names = {definition.signature.name: f"{prefix}_{i}" for i, definition in enumerate(definitions)}
    for definition in definitions:
        definition.signature.name = names[definition.signature.name]
        for node in definition.node_def:
            node.op = names.get(node.op, node.op)
            for value in node.attr.values():
                for function in (*([value.func] if value.HasField("func") else []), *value.list.func):
                    function.name = names.get(function.name, function.name)


def _definition(text: bytes) -> Any:
    definition = tf.compat.v1.GraphDef().library.function.add()
    definition.ParseFromString(text)
    return definition


def _lend(place: Path, ours: Path) -> list[Path]:
    """Put what XLA made of a trace into its folder."""
    lent: list[Path] = []
    with contextlib.suppress(OSError):
        for path in place.parent.glob(f"{place.name}.xla_*"):
            program, target = cache.read(path), ours / path.name.partition(".")[2]
            if program is not None:
                target.write_bytes(program)
                lent.append(target)
    return lent


def _keep_programs(place: Path, ours: Path) -> None:
    """Keep what XLA has written since it was last looked at."""
    with contextlib.suppress(OSError):
        for name in _listed(ours) - _SEEN:
            cache.write(place.with_name(f"{place.name}.{name}"), (ours / name).read_bytes())
            _SEEN.add(name)


def _listed(ours: Path) -> set[str]:
    try:
        return {name for name in os.listdir(ours) if name.startswith("xla_")}
    except OSError:
        return set()


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Hold back the lines of errors that are none; TensorFlow writes them past Python."""
    try:
        file, before = tempfile.TemporaryFile(), os.dup(2)  # noqa: SIM115, closed below
    except OSError:
        yield
        return
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        file.seek(0)
        told = b"".join(line for line in file if not any(name in line for name in _NO_ERRORS))
        file.close()
        if told:
            os.write(2, told)


def _place(name: str) -> Path | None:
    """Return where a trace is kept."""
    root = cache.folder()
    return root / "programs" / _machine() / name if root is not None else None


@once
def _machine() -> str:
    """Name what programs depend on beside their traces: versions, flags, the processor and its number of cores."""
    processor = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = "".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))
    engine = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    facts = [platform.machine(), processor, os.cpu_count(), sys.platform, cache.flags(), keras.__version__]
    digest = hashlib.sha256(repr(facts).encode() + engine).hexdigest()[:16]
    return f"tensorflow-{tf.__version__}-{digest}"


def _settings() -> str:
    """Return what Keras keeps for all models and a trace may hold."""
    config = keras.config
    flash = getattr(config, "is_flash_attention_enabled", lambda: None)()
    return repr((config.floatx(), config.epsilon(), config.image_data_format(), config.dtype_policy().name, flash))
