"""The order of asking: what is given, what is offered, what is asked, going back, changing one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelwizard.conversation import BACK, Choice, Conversation, Prompt
from modelwizard.errors import ModelWizardError, UsageError
from modelwizard.kinds.facts import Facts
from modelwizard.kinds.question import Default, Question, number
from modelwizard.wizard.given import Given
from modelwizard.wizard.questions import BY_NAME, walk

SO_FAR = "your answer so far"
Learn = Callable[[Mapping[str, Any]], Facts]
Show = Callable[[str, Mapping[str, Any], Facts], None]


class Interview:
    """The answers of one walk, and what is known thanks to them.

    Args:
        talk: Where a person is asked.
        learn: Returns the facts that follow from answers; raises a `ModelWizardError` for answers that no
            project can be made from.
        given: Answers given without a prompt.
        show: Shows the screen of that name before a question.
        yes: Whether defaults answer what was not given.
        ask: Whether prompts are allowed; they also need a person.
        warm_up: Called when the first question is about to be asked: the time that a person takes can be used.
    """

    def __init__(
        self,
        talk: Conversation,
        learn: Learn,
        given: Mapping[str, Given],
        show: Show,
        *,
        yes: bool = False,
        ask: bool = True,
        warm_up: Callable[[], None] = lambda: None,
    ) -> None:
        self.answers: dict[str, Given] = {name: answer for name, answer in given.items() if name not in BY_NAME}
        self._talk = talk
        self._learn = learn
        self._given = {name: answer for name, answer in given.items() if name in BY_NAME}
        self._show = show
        self._yes = yes
        self._may_ask = ask and talk.attended
        self._history: list[str] = []
        self._warm_up: Callable[[], None] | None = warm_up
        self._earlier: dict[str, Any] = {}
        self._shown: set[tuple[object, ...]] = set()
        self._changed = False
        self.facts = learn(self.known)

    @property
    def known(self) -> dict[str, Any]:
        """The values of all answers so far."""
        return {name: answer.value for name, answer in self.answers.items()}

    @property
    def kept(self) -> dict[str, Any]:
        """What a person or their flags said, to go on with another time; no defaults."""
        return {name: answer.value for name, answer in self.answers.items() if answer.source != "default"}

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions about this kind of data, in the order of asking."""
        return walk(self.facts.kind)

    def applicable(self) -> list[Question]:
        """Return the questions that exist for the answers so far."""
        return [q for q in self.questions if q.name in self.answers and q.exists(self.known, self.facts)]

    def run(self) -> None:
        """Answer every question that has no answer yet.

        Raises:
            UsageError: When an answer is missing and nobody can be asked, or a given one cannot be used.
            KeyboardInterrupt: On Ctrl-C; `kept` holds what was answered.
        """
        while (question := self._next()) is not None:
            if not self._answer_without_asking(question):
                self._ask(question)

    def change(self, name: str) -> None:
        """Ask one question again and, when the answer differs, those that depend on it."""
        question, before = BY_NAME[name], self.answers[name]
        while True:
            value = self._put(question, Default(before.value, before.reason))
            if value is BACK or value == before.value:
                return
            self._changed = True
            kept = dict(self.answers)
            self._forget(name)
            try:
                self._take(question, Given(value, "person", "your answer"))
            except ModelWizardError as error:
                self._talk.error(error)
                self.answers = kept
                self.facts = self._learn(self.known)
            else:
                return self.run()

    def back(self) -> bool:
        """Take back the last answer of the person; tell whether there was one."""
        if not self._history:
            return False
        self._given.pop(self._history[-1], None)
        self._forget(self._history[-1])
        return True

    # -- one question ------------------------------------------------------------------------------------------

    def _next(self) -> Question | None:
        known = self.known
        return next((q for q in self.questions if q.name not in known and q.exists(known, self.facts)), None)

    def _answer_without_asking(self, question: Question) -> bool:
        answer = self._given.get(question.name)
        if answer is not None:
            try:
                self._take(question, answer)
                if answer.source == "person":
                    self._history.append(question.name)  # said another time; it can be taken back like any other
                return True
            except ModelWizardError as error:
                # An answer from last time, or one that fitted before another was changed, is asked again.
                if not self._may_ask or not (self._changed or answer.source == "person"):
                    raise
                self._talk.error(error)
                del self._given[question.name]
        default = self._default(question)
        wanted = question.asked(self.known, self.facts)
        silent = not wanted or self._yes or not (self._may_ask or question.essential(self.known))
        if silent and default is not None:
            self._take(question, Given(default.value, "default", default.reason))
            return True
        if not self._may_ask:
            raise self._missing(question)
        return False

    def _missing(self, question: Question) -> UsageError:
        names = [q for q in self.questions if q.name not in {**self._given, **self.answers} and q.essential(self.known)]
        flags = [q.flag for q in names] or [question.flag]
        return UsageError(
            "Answers are missing, and nobody can be asked here." if not self._yes else "An answer is missing.",
            expected=", ".join(flags),
            fix=f"give {' and '.join(flags)}" + ("" if self._yes else ", or --yes to take what the data suggest"),
        )

    def _default(self, question: Question) -> Default | None:
        default = question.default(self.known, self.facts)
        if question.name not in self._earlier:
            return default
        try:
            value = question.check(self._earlier[question.name], self.known, self.facts)
        except ModelWizardError:
            return default
        return default if default and default.value == value else Default(value, SO_FAR)

    def _ask(self, question: Question) -> None:
        if self._warm_up is not None:
            self._warm_up()
            self._warm_up = None
        mark = (question.show, self.facts.data and self.facts.data.source.sha256, self.known.get("problem"))
        if question.show and mark not in self._shown:
            self._shown.add(mark)
            self._show(question.show, self.known, self.facts)
        while True:
            default = self._default(question)
            value = self._put(question, default)
            if value is BACK:
                self.back()
                return
            try:
                self._take(question, Given(value, "person", _because(value, default)))
            except ModelWizardError as error:
                self._talk.error(error)
            else:
                self._history.append(question.name)
                return

    def _take(self, question: Question, answer: Given) -> None:
        value = question.check(answer.value, self.known, self.facts)
        self.facts = self._learn({**self.known, question.name: value})
        named = question.type in ("text", "list") and set(value) != set(answer.value)
        reason = f"{answer.reason}; so it is named in the file" if named else answer.reason
        self.answers[question.name] = Given(value, answer.source, reason)
        if self._earlier.pop(question.name, value) != value:
            # What was said before about another file or another target is no good offer now.
            stale = {q.name for q in self.questions if question.name in q.after}
            self._earlier = {name: said for name, said in self._earlier.items() if name not in stale}

    def _forget(self, name: str) -> None:
        """Take back an answer, the defaults after it, and every answer that followed from it."""
        names = [question.name for question in self.questions]
        later = set(names[names.index(name) + 1 :])
        stale = {name} | {q.name for q in self.questions if name in q.after}
        for other, answer in list(self.answers.items()):
            if other in stale or (other in later and answer.source == "default"):
                if answer.source != "default":
                    self._earlier[other] = answer.value
                del self.answers[other]
        self._history = [other for other in self._history if other in self.answers]
        self.facts = self._learn(self.known)

    # -- how a question is put ----------------------------------------------------------------------------------

    def _put(self, question: Question, default: Default | None) -> Any:
        value = question.put(self._prompt(question, default), self._talk, default, self.facts)
        return value if value is BACK else typed(question, value)

    def _prompt(self, question: Question, default: Default | None) -> Prompt:
        def check(text: str) -> object:
            return question.check(typed(question, text), self.known, self.facts)

        return Prompt(
            question.text,
            form=question.form,
            why=question.why,
            flag=question.flag,
            choices=_explained(question.choices(self.known, self.facts), default),
            default=default.value if default else None,
            check=check,
            back=bool(self._history),
        )


def _because(value: Any, default: Default | None) -> str:
    """Return why an answer of a person is what it is: the reason that they accepted, or that they chose."""
    accepted = default and default.value == value and default.reason not in ("", SO_FAR)
    return default.reason if default and accepted else "your answer"


def _explained(choices: Sequence[Choice], default: Default | None) -> tuple[Choice, ...]:
    """Add to the choice that is offered why it is."""
    if default is None or not default.reason:
        return tuple(choices)
    return tuple(
        replace(c, consequence="; ".join(filter(None, (c.consequence, default.reason))))
        if c.value == default.value and default.reason not in c.consequence
        else c
        for c in choices
    )


def typed(question: Question, value: Any) -> Any:
    """Return what a person typed as the type that the question wants.

    Raises:
        UsageError: For a text that is no number where one is wanted.
    """
    if question.type not in ("integer", "share") or not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    return number(value, question.type, f"{value!r} is not a number.")
