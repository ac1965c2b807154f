"""The order of asking: what is given, what is offered, what is asked, going back, changing one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelwizard.conversation import BACK, Choice, Conversation, Prompt
from modelwizard.errors import ModelWizardError, UsageError
from modelwizard.wizard.facts import Facts
from modelwizard.wizard.given import Given
from modelwizard.wizard.question import EXAMPLE, Default, Question
from modelwizard.wizard.questions import BY_NAME, QUESTIONS

OTHER, ALL = "\0other", "\0all"  # no file and no column is called that
SO_FAR = "your answer so far"
MANY = 10  # columns beyond which only the suggested one is listed at first
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

    def applicable(self) -> list[Question]:
        """Return the questions that exist for the answers so far."""
        return [q for q in QUESTIONS if q.name in self.answers and q.exists(self.known, self.facts)]

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
        return next((q for q in QUESTIONS if q.name not in known and q.exists(known, self.facts)), None)

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
        names = [q for q in QUESTIONS if q.name not in {**self._given, **self.answers} and q.essential(self.known)]
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
        mark = (question.show, self.facts.table and self.facts.table.source.sha256, self.known.get("problem"))
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
            stale = {q.name for q in QUESTIONS if question.name in q.after}
            self._earlier = {name: said for name, said in self._earlier.items() if name not in stale}

    def _forget(self, name: str) -> None:
        """Take back an answer, the defaults after it, and every answer that followed from it."""
        names = [question.name for question in QUESTIONS]
        later = set(names[names.index(name) + 1 :])
        stale = {name} | {q.name for q in QUESTIONS if name in q.after}
        for other, answer in list(self.answers.items()):
            if other in stale or (other in later and answer.source == "default"):
                if answer.source != "default":
                    self._earlier[other] = answer.value
                del self.answers[other]
        self._history = [other for other in self._history if other in self.answers]
        self.facts = self._learn(self.known)

    # -- how a question is put ----------------------------------------------------------------------------------

    def _put(self, question: Question, default: Default | None) -> Any:
        forms = {"file": self._put_file, "columns": self._put_columns, "kinds": self._put_kinds}
        if question.form in forms:
            return forms[question.form](question, default)
        prompt = self._prompt(question, default)
        value = self._talk.ask(prompt)
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

    def _put_file(self, question: Question, default: Default | None) -> Any:
        """Offer the data files nearby, the bundled examples, or any path."""
        prompt = self._prompt(question, default)
        choices = (
            *(Choice(name, name) for name in self.facts.files),
            Choice(ALL, "a bundled example…", "to try the wizard before your own data"),
            Choice(OTHER, "another file…", "you type its path, Tab completes it"),
        )
        first = default.value if default else choices[0].value
        value = self._talk.ask(replace(prompt, form="choose", choices=choices, default=first))
        if value == ALL:
            examples = self.facts.examples().items()
            choices = tuple(Choice(f"{EXAMPLE}{name}", name, about) for name, about in examples)
            return self._talk.ask(
                replace(prompt, text="Which example?", form="choose", choices=choices, why="", back=True)
            )
        if value == OTHER:
            return self._talk.ask(replace(prompt, text="Which file?", form="path", default="", why="", back=True))
        return value

    def _put_columns(self, question: Question, default: Default | None) -> Any:
        """Offer the suggested column or columns, all columns, or several of one's own."""
        prompt = self._prompt(question, default)
        suggested = tuple(default.value) if default else ()
        first = ", ".join(suggested)
        together = f"these {len(suggested)} together: {first}" if len(suggested) > 1 else first
        choices = prompt.choices
        if len(choices) > MANY and suggested:
            # The list of all columns would push the profile off the screen.
            choices = (Choice(first, together, default.reason if default else ""), Choice(ALL, "another column…"))
        elif len(suggested) > 1:
            choices = (Choice(first, together), *choices)
        choices = (*choices, Choice(OTHER, "several columns…", "you mark them in a list"))
        value = self._talk.ask(replace(prompt, form="choose", choices=choices, default=first))
        if value == ALL:
            one = suggested[0] if len(suggested) == 1 else None
            value = self._talk.ask(replace(prompt, form="choose", default=one, why="", back=True))
        if value == OTHER:
            return self._talk.ask(replace(prompt, form="choose many", default=suggested, why="", back=True))
        if value is BACK:
            return BACK
        return suggested if value == first else (value,)

    def _put_kinds(self, question: Question, default: Default | None) -> Any:
        """Ask for one column and its kind; the other overrides stay."""
        from modelwizard.answers import COLUMN_KINDS

        columns = self.facts.require_table().columns
        choices = tuple(Choice(c.name, f"{c.name}: {c.kind}", c.reason) for c in columns)
        name = self._talk.ask(replace(self._prompt(question, None), form="choose", choices=choices, back=True))
        if name is BACK:
            return BACK
        kinds = tuple(Choice(kind, kind) for kind in COLUMN_KINDS)
        now = next(c.kind for c in columns if c.name == name)
        kind = self._talk.ask(Prompt(f"What is {name}?", choices=kinds, default=now, back=True))
        return BACK if kind is BACK else {**(default.value if default else {}), name: kind}


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
    try:
        return int(value) if question.type == "integer" else float(value)
    except ValueError:
        expected = "a whole number" if question.type == "integer" else "a number between 0 and 1"
        raise UsageError(f"{value!r} is not a number.", expected=expected, received=repr(value)) from None
