"""Where a corpus's sentences come from: files, of which splits may be cut, or the grammars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from polyheads import catalogue
from polyheads.catalogue.records import Entry
from polyheads.corpora import readers
from polyheads.corpora.fetching.checks import checksums
from polyheads.corpora.readers import Sentence
from polyheads.corpora.records import Checksums, Counts, Told
from polyheads.corpora.splits import owners, part
from polyheads.errors import UserError

if TYPE_CHECKING:
    from polyheads.corpora.tally import Tally

_UNITS: tuple[Literal["sentences", "words"], ...] = ("sentences", "words")

Generate = Callable[..., dict[str, list[Sentence]]]


class Files:
    """A language's files, read split by split."""

    def __init__(
        self,
        entry: Entry,
        language: str,
        directory: Path,
        splits: Sequence[str],
        check_sizes: bool,
        own_copies: str | Path | None = None,
    ) -> None:
        """own_copies: where the user's own copies lie, which messages name instead of ours."""
        self.own_copies = own_copies
        self.entry, self.language, self.directory = entry, language, directory
        self.splits, self.check_sizes = splits, check_sizes
        self.reading = catalogue.reading(entry, language)
        self.carve = catalogue.language(entry, language).get("carve", {})
        self.file_counts: dict[str, Counts] = {}  # split that owns the file -> counts
        self.owners: dict[str, Sequence[str]] = {}

    def path(self, split: str) -> Path:
        return self.directory / catalogue.file_of(self.entry, self.language, split)["name"]

    def own_copy(self, split: str) -> Path | None:
        """The user's file that a split's file is a copy of, if it is there."""
        if self.own_copies is None:
            return None
        file = catalogue.file_of(self.entry, self.language, split)
        own = catalogue.own_copy(self.entry, self.language, file, own_copies=self.own_copies)
        return own if own and own.is_file() else None

    def _stream(self, split: str, owner: str, counts: Counts) -> Iterator[Sentence]:
        return readers.read(
            self.path(split),
            self.reading,
            split=owner,
            counts=counts,
            copy_of=self.own_copy(split),
        )

    def sentences(self, split: str) -> Iterator[Sentence]:
        """The sentences of a split; a file that several splits are cut from is read again."""
        owner = catalogue.file_split(self.entry, self.language, split)
        shared = owner in {cut["from"] for cut in self.carve.values()}
        counts = readers.new_counts()
        stream = self._stream(split, owner, counts)
        if not shared:
            self.file_counts[split] = counts
            return stream
        if owner not in self.owners:
            number = sum(1 for _ in stream)
            self.file_counts[owner] = counts
            self.owners[owner] = owners(number, owner, self.carve)
            stream = self._stream(split, owner, readers.new_counts())
        return part(stream, self.owners[owner], split)

    def read(self, split: str) -> Told:
        """What was skipped and repaired; of a file with several splits it is told once."""
        owner = catalogue.file_split(self.entry, self.language, split)
        serves = [
            s for s in self.splits if catalogue.file_split(self.entry, self.language, s) == owner
        ]
        teller = owner if owner in serves else serves[0]
        told: Told = {"skipped": {}, "repairs": {}}
        if split == teller:
            counts = self.file_counts[owner]
            told = {"skipped": counts["skipped"], "repairs": counts["repairs"]}
        if split != owner:
            told["carved_from"] = owner
        return told

    def check(self, split: str, tally: Tally) -> None:
        """UserError for a split without sentences and for counts that nobody expects."""
        path = self.own_copy(split) or self.path(split)
        if not tally.sentences:
            raise UserError(
                f"{path}: no sentence in the {split} set; fetch the file again, or "
                f"remove {split} from the catalogue entry if {self.language} has none"
            )
        owner = catalogue.file_split(self.entry, self.language, split)
        expected = catalogue.file_of(self.entry, self.language, split)
        for unit in _UNITS if self.check_sizes else ():
            got = self.file_counts[owner][unit]
            if expected.get(unit, got) != got:
                raise UserError(
                    f"{path}: {got} {unit}, but the catalogue entry "
                    f"{self.entry['name']} says {expected[unit]} for {self.language} {owner}; "
                    "fetch the file again, correct the entry, or accept other sizes with "
                    "`check_sizes: false` in the config"
                )

    def origin(self, split: str) -> str:
        """Where a split comes from, with the sentences that were cut out."""
        file = catalogue.file_of(self.entry, self.language, split)
        text = f"{self.entry['name']}/{self.language}/{file['name']}"
        if "url" in file:
            text = file["url"]
        elif "archive" in file:
            text = f"{file['archive']['url']}: {', '.join(file['members'])}"
        elif "hub" in file:
            text = f"hub data set {file['hub']['dataset']}: {file['hub']['path']}"
        if "keep" in file:
            text += f", sentences [{file['keep'][0]}, {file['keep'][1]})"
        if split in self.carve:
            cut = self.carve[split]
            text += f", {cut['share']:g} of the sentences at random (seed {cut['seed']})"
        return text

    def checksums(self) -> dict[str, Checksums]:
        """File name -> size and hashes."""
        found = catalogue.files(self.entry, self.language, self.splits)
        return {name: checksums(self.directory / name) for name in found}


class Generated:
    """The sentences of the built-in grammars."""

    def __init__(self, entry: Entry, language: str, generate: Generate | None) -> None:
        if generate is None:
            from polyheads.corpora import grammar

            generate = grammar.generate
        catalogue.language(entry, language)
        self.entry = entry
        self.made = generate(
            task=entry["task"], language=language, seed=entry["seed"], sizes=dict(entry["sizes"])
        )
        made = {tag for sentences in self.made.values() for _, tags in sentences for tag in tags}
        if unknown := made.difference(catalogue.tag_names(entry)):
            raise UserError(
                f"corpus {entry['name']}: the grammar makes tags that `labels` lacks: "
                f"{', '.join(sorted(unknown))}; add them to the catalogue entry"
            )

    def sentences(self, split: str) -> Iterable[Sentence]:
        return self.made[split]

    def read(self, split: str) -> Told:
        return {"skipped": {}, "repairs": {}}

    def check(self, split: str, tally: Tally) -> None:
        """Nothing: the grammars make what they are asked for."""

    def origin(self, split: str) -> str:
        return f"generated by polyheads.corpora.grammar, seed {self.entry['seed']}"

    def checksums(self) -> dict[str, Checksums]:
        return {}
