"""Find the line of a layer or argument in a file of model code, by its syntax tree. Runs nothing of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from modelwizard.checks.facts.values import Layer, Place


@dataclass(frozen=True)
class Code:
    """A parsed file: calls by the name that is called, and keyword arguments by name."""

    name: str
    calls: dict[str, list[ast.Call]]

    @classmethod
    def read(cls, path: Path) -> Code:
        """Parse a file; one that cannot be parsed has no lines to offer."""
        calls: dict[str, list[ast.Call]] = {}
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            return cls(path.name, calls)
        found = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
        for node in sorted(found, key=lambda n: (n.lineno, n.col_offset)):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            calls.setdefault(name, []).append(node)
        return cls(path.name, calls)

    def where(self, place: Place, layers: tuple[Layer, ...]) -> str:
        """Return `file:line` of a place, or the file's name when no line is found."""
        node: ast.AST | None = None
        if place.kind == "layer":
            node = self._layer(place.name, layers)
        elif place.kind in ("compile", "fit"):
            node = self._argument(place)
        if node is not None:
            return f"{self.name}:{getattr(node, 'lineno', 0)}"
        return self.name if place.kind in ("layer", "compile", "model") else elsewhere(place)

    def _layer(self, name: str, layers: tuple[Layer, ...]) -> ast.AST | None:
        found = next((la for la in layers if la.name == name), None)
        if found is None:
            return None
        calls = self.calls.get(found.kind, [])
        for call in calls:
            if any(
                k.arg == "name" and isinstance(k.value, ast.Constant) and k.value.value == name for k in call.keywords
            ):
                return call
        same = [la.name for la in layers if la.kind == found.kind]
        if not calls:
            return None
        # a call in a loop makes several layers: the last layer belongs to the last call, the others in order
        index = same.index(name)
        return calls[-1] if index == len(same) - 1 else calls[min(index, len(calls) - 1)]

    def _argument(self, place: Place) -> ast.AST | None:
        for call in self.calls.get(place.kind, []):
            for keyword in call.keywords:
                if keyword.arg == place.name or (place.name == "learning_rate" and keyword.arg == "optimizer"):
                    return keyword.value
            return call
        return None


def elsewhere(place: Place) -> str:
    """Return the file of a project that holds what is not in its model code: rows, the split, training settings."""
    if place.kind == "data":
        return "split.csv" if place.name == "split" else "data.py"
    return {"validation_data": "split.csv", "batch_size": "modelwizard.toml"}.get(place.name, words(place))


def words(place: Place) -> str:
    """Return a place in words, for code whose file is not known."""
    if place.kind == "layer":
        return f"layer {place.name}" if place.name else "hidden layers"
    if place.kind in ("compile", "fit"):
        return f"{place.kind}({place.name}=…)" if place.name else f"{place.kind}()"
    return {"data": f"data: {place.name}"}.get(place.kind, "model")
