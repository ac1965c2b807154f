"""Plant every fault in the working programs that can bear it."""

from __future__ import annotations

from dataclasses import dataclass

from checks_corpus import faults_contract, faults_training
from checks_corpus.recipes import Recipe

FAULTS = (*faults_contract.FAULTS, *faults_training.FAULTS)


@dataclass(frozen=True)
class Broken:
    """A broken program and the causes that name its fault."""

    name: str
    causes: tuple[str, ...]
    recipe: Recipe


def plant(recipes: dict[str, Recipe], each: int) -> list[Broken]:
    """Plant every fault in up to `each` of the recipes that can bear it, taking turns among them."""
    found: list[Broken] = []
    for turn, fault in enumerate(FAULTS):
        able = [recipe for recipe in recipes.values() if fault.fits(recipe)]
        for i in range(min(each, len(able))):
            recipe = able[(turn + i * max(1, len(able) // each)) % len(able)]
            found.append(Broken(f"{fault.name} / {recipe.name}", fault.causes, fault.plant(recipe)))
    return found
