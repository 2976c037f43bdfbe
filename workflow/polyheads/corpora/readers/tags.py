"""Tags: from the scheme and types of a source to IOB2 of the entry's own labels.

Types are merged on spans: a span begins with B- wherever one began in the source, so that two
neighbours of different types don't fuse when both become MISC.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from polyheads import catalogue
from polyheads.catalogue.records import Reading
from polyheads.catalogue.tasks import PLAIN
from polyheads.corpora.readers.lines import AGAIN, Source, count_repair, quoted
from polyheads.corpora.records import Counts
from polyheads.errors import UserError
from polyheads.validation import nearest

_PREFIXES = {"iob1": "BI", "iob2": "BI", "bioes": "BIES"}
_PLAIN = "plain"  # the scheme of tags that mark no spans
_REMEMBERED = 1 << 16  # most (state, tag) pairs kept; more than that is no tag set

# What one tag becomes: (our tag, type of the span that stays open, repairs), each repair
# (kind, how many tokens before this one, what was done).
_Step = tuple[str, str | None, tuple[tuple[str, int, str], ...]]


class Tagger:
    """Translates the tags of one file, sentence by sentence.

    What a tag becomes depends on the span that is open before it and on nothing else, so every
    pair of the two is worked out once and then looked up.
    """

    def __init__(self, reading: Reading, path: Source, counts: Counts, scheme: str = ""):
        """scheme: instead of the reading's, for formats that have one of their own."""
        self._reading, self._path, self._counts = reading, path, counts
        plain = reading["task"] in PLAIN
        self._scheme = _PLAIN if plain else scheme or reading.get("scheme", "iob2")
        self._own_scheme = plain or bool(scheme)  # which the entry can't change
        self._outside = frozenset() if plain else frozenset([*reading.get("outside", ["O"])])
        if scheme:
            self._outside |= {"O"}
        self._labels = frozenset(reading["labels"])
        self._table: dict[tuple[str | None, str], _Step] = {}
        self._open: str | None = None  # type of the span that a cut sentence left open
        self._last = 0  # line of the last tag of that sentence

    def convert(
        self, raws: Sequence[str], numbers: Sequence[int], *, goes_on: bool = False
    ) -> list[str]:
        """Our tags of one sentence; numbers: the line of each tag.

        goes_on: the sentence was cut here by length or a token, not by the source. A span over
        such a cut begins anew after it, counted as repair `span_cut`.
        """
        table, state, carried = self._table, self._open, self._open
        tags: list[str] = []
        for index, raw in enumerate(raws):
            step = table.get((state, raw))
            if step is None:
                step = self._step(state, raw, numbers[index])
                if len(table) < _REMEMBERED:
                    table[state, raw] = step
            tag, state, repairs = step
            tags.append(tag)
            for kind, back, what in repairs:
                self._repaired(kind, numbers[max(index - back, 0)], what)
        if carried is not None and tags and tags[0].startswith("I-"):
            tags[0] = f"B-{tags[0][2:]}"
            self._repaired("span_cut", numbers[0], f"{quoted(raws[0])} begins the sentence")
        if not goes_on:
            if state is not None and self._scheme == "bioes":
                number = numbers[-1] if numbers else self._last
                self._repaired("unended_span", number, f"no E-{state} ends the span")
            state = None
        self._open = state
        self._last = numbers[-1] if numbers else 0
        return tags

    def knows(self, raw: str) -> bool:
        """Whether a tag can be read, whatever stands before it."""
        tag = self._reading.get("tags", {}).get(raw, raw)
        if tag in self._outside:
            return True
        try:
            self._parse(tag, "")
        except UserError:
            return False
        return True

    def looks_like_tag(self, raw: str) -> bool:
        """Whether a tag can be read and is not any word at all, which `other_types` may take."""
        if self._scheme in _PREFIXES or raw in self._outside:
            return self.knows(raw)
        named = (self._labels, self._reading.get("types", {}), self._reading.get("tags", {}))
        return any(raw in names for names in named)

    def _repaired(self, kind: str, number: int, what: str) -> None:
        count_repair(self._counts, kind, self._path, number, what)

    def _step(self, state: str | None, raw: str, number: int) -> _Step:
        """What ``raw`` becomes when a span of the source type ``state`` is open before it."""
        where = f"{self._path}:{number}"
        scheme = self._scheme
        repairs: list[tuple[str, int, str]] = []
        tag = raw
        if raw in self._reading.get("tags", {}):
            tag = self._reading["tags"][raw]
            repairs.append(("malformed_tag", 0, f"{quoted(raw)} read as {quoted(tag)}"))
        outside = tag in self._outside
        prefix, kind, ours = ("", "", "") if outside else self._parse(tag, where)
        if scheme == _PLAIN:
            return ours, None, tuple(repairs)
        continues = not outside and kind == state
        if scheme == "bioes" and state is not None and not (continues and prefix in "IE"):
            repairs.append(("unended_span", 1, f"no E-{state} ends the span"))
        if outside:
            return "O", None, tuple(repairs)
        if scheme == "bare":
            begins = not continues
        else:
            begins = prefix in "BS" or not continues
            if not continues and prefix in "IE" and scheme != "iob1":
                if self._reading.get("orphan_inside", "error") != "begin":
                    raise UserError(
                        f"{where}: the tag {quoted(tag)} continues no span of {quoted(kind)}; "
                        f"{AGAIN}, or set `orphan_inside: begin` in the catalogue entry to let it "
                        "begin one"
                    )
                repairs.append(("orphan_inside", 0, f"{quoted(tag)} begins a span"))
        still_open = None if prefix and prefix in "ES" else kind
        return f"{'B' if begins else 'I'}-{ours}", still_open, tuple(repairs)

    def _parse(self, tag: str, where: str) -> tuple[str, str, str]:
        """Prefix, type of the source and our type of a tag that isn't outside."""
        prefix, kind = "", tag
        if self._scheme in _PREFIXES:
            prefix, _, kind = tag.partition("-")
            if prefix not in tuple(_PREFIXES[self._scheme]):
                raise self._unknown(tag, where)
        types = self._reading.get("types", {})
        ours: str | None = types.get(kind, kind)
        if ours not in self._labels:
            ours = self._reading.get("other_types")
            if not kind or ours is None:
                raise self._unknown(tag, where)
        return prefix, kind, ours

    def _unknown(self, tag: str, where: str) -> UserError:
        if self._scheme == _PLAIN:
            known = catalogue.tag_names(self._reading)
        else:
            kinds = [*self._reading["labels"], *self._reading.get("types", {})]
            prefixes = [f"{prefix}-" for prefix in _PREFIXES.get(self._scheme, "")] or [""]
            known = [*self._outside, *(prefix + kind for kind in kinds for prefix in prefixes)]
        called = "label" if self._reading["task"] == "classification" else "tag"
        return UserError(
            f"{where}: the {called} {quoted(tag)} is not in the label set of "
            f"{self._reading['name']}{nearest(tag, known)}{self._other_scheme(tag)}; {AGAIN}, or "
            "add the label to the catalogue entry"
        )

    def _other_scheme(self, tag: str) -> str:
        """A hint for a tag that would be one of ours in another scheme."""
        if self._own_scheme:
            return ""
        kinds = {*self._labels, *self._reading.get("types", {})}
        prefix, _, kind = tag.partition("-")
        if self._scheme in _PREFIXES and tag in kinds:
            return "; if types stand without B- and I-, set `scheme: bare` in the catalogue entry"
        if kind in kinds and self._scheme in ("iob1", "iob2") and prefix in ("E", "S"):
            return (
                "; if E- and S- mark the ends of spans and single tokens, set `scheme: bioes` in "
                "the catalogue entry"
            )
        if kind in kinds and self._scheme == "bare" and prefix in tuple("BIES"):
            return "; if tags begin with B- and I-, set `scheme: iob2` in the catalogue entry"
        return ""


class Blanks:
    """What is done with tokens of white space, control and format characters only.

    Control characters inside a token (a CR, or C1 as where Windows-1252 was read as Latin-1) are
    kept and counted.
    """

    def __init__(self, reading: Reading, path: Source, counts: Counts):
        self._keep = reading.get("blank_tokens", "error") == "keep"
        self._path, self._counts = path, counts

    def check(self, token: str, number: int, what: str, tagged: bool = True) -> None:
        """Count a blank token or refuse it; call it where ``is_plain`` is false.

        what: how an error calls the token, e.g. `the form (column 2)`. tagged: whether the token
        has a tag that is known.
        """
        if not all(map(_is_blank, token)):
            if any(unicodedata.category(character) == "Cc" for character in token):
                shown = f"{token[:20]!a} is kept"
                count_repair(self._counts, "control_character", self._path, number, shown)
            return
        shown = f"blank ({token[:20]!a})" if token else "empty"
        if not tagged:
            raise UserError(
                f"{self._path}:{number}: {what} is {shown} and the tag is none either; make the "
                "line empty if a sentence ends here, or remove it"
            )
        if self._keep:
            shown = ascii(token[:20]) if token else "an empty token"
            count_repair(self._counts, "blank_token", self._path, number, f"{shown} is kept")
            return
        raise UserError(
            f"{self._path}:{number}: {what} is {shown}; {AGAIN}, or set `blank_tokens: keep` in "
            "the catalogue entry"
        )

    def check_all(self, tokens: Sequence[str], number: int) -> None:
        """The tokens of one line."""
        for index, token in enumerate(tokens, 1):
            if not is_plain(token):
                self.check(token, number, f"word {index}")


def is_plain(token: str) -> bool:
    """A quick look: true only for tokens that surely hold something to see."""
    return token.isprintable() and not token.isspace() and token != ""


def _is_blank(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "Z" or category in ("Cc", "Cf")
