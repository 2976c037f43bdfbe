"""Mutation tests: break the library in small ways, one by one, and see whether a test fails.

    python tests/mutants.py run            # make mutants and try them; hours
    python tests/mutants.py --every 4 run  # a quarter of them, always the same one
    python tests/mutants.py table          # the score of every module
    python tests/mutants.py results        # mutants that survived
    python tests/mutants.py show MUTANT    # what was changed

Every other command of mutmut works, too. How to install it, what is tried, and why the surviving
mutants survive: tests/MUTANTS.md. The state lies under mutants/; a second run goes on there.
"""

from __future__ import annotations

import gc
import json
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from zlib import crc32

import hypothesis
import libcst as cst
from libcst import matchers as m
from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation import file_mutation, mutators
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.utils import format_utils
from mutmut.workers import isolation

ROOT = Path(__file__).parents[1]
# Decorators that mutmut leaves alone, with all that is below them, and need not: what they make of
# a function works with the switch between its mutants as well.
HARMLESS = m.Call(func=m.Attribute(m.Name("torch"), m.Name("no_grad"))) | m.OneOf(
    m.Name("property"), m.Name("contextmanager")
)
# Module -> tests/unit/test_*.py that are run for its mutants.
TESTS = {
    "analysis.choices": ("choices",),
    "analysis.claims": ("claims", "verdicts"),
    "analysis.common_heads": ("common_heads",),
    "analysis.contrasted": ("contrasted", "contrasts"),
    "analysis.contrasts": ("contrasts", "claims"),
    "analysis.control_contrasts": ("contrasted", "controls"),
    "analysis.controls": ("controls",),
    "analysis.correlation": ("correlation",),
    "analysis.correlations": ("correlations",),
    "analysis.counts": ("counts",),
    "analysis.differences": ("differences",),
    "analysis.drawn_gains": ("gains", "differences"),
    "analysis.draws": ("draws", "differences"),
    "analysis.estimates": ("estimates", "gains"),
    "analysis.findings": ("findings",),
    "analysis.fresh": ("fresh",),
    "analysis.gains": ("gains", "differences"),
    "analysis.improved": ("improved",),
    "analysis.inference": ("differences",),
    "analysis.low_resource": ("low_resource",),
    "analysis.null_baselines": ("null_baselines",),
    "analysis.overview": ("overview",),
    "analysis.ranking_agreement": ("ranking_agreement",),
    "analysis.ranking_costs": ("ranking_costs",),
    "analysis.ranks": ("ranks",),
    "analysis.replication": ("replication",),
    "analysis.resampling": ("resampling",),
    "analysis.results": ("results",),
    "analysis.run_noise": ("run_noise", "null_baselines"),
    "analysis.several_sources": ("several_sources",),
    "analysis.stopping": ("stopping",),
    "analysis.student": ("student",),
    "catalogue.metrics": ("metrics",),
    "encoders.batches": ("batches",),
    "encoders.dropout": ("dropout",),
    "encoders.gates": ("gates", "batches", "dropout"),
    "encoders.packing": ("packing", "gates"),
    "encoders.rows": ("rows",),
    "encoders.sharing": ("sharing",),
    "importance": ("scoring", "scoring_slowly", "rank_heads"),
    "study.choice": ("choices",),
    "study.progress": ("progress",),
    "study.trial_files": ("trial_files",),
    "training.loop": ("training", "recipe", "stacked", "steps"),
    "training.memory": ("stacked", "together"),
    "training.stacked": ("stacked", "together"),
    "training.together": ("together",),
    "training.prediction": ("counts", "recipe", "training", "trials"),
    "training.steps": ("steps", "training", "recipe"),
    "training.trials": ("trials", "recipe"),
}
KILLED, UNTESTED, TIMEOUT, OPEN = "killed", "no tests", "timeout", "not checked"
NO_TESTS = 33  # what mutmut calls a mutant that no test runs


def adapt_mutmut() -> None:
    """Teach mutmut that the library lies in workflow/, and to mutate below HARMLESS decorators."""
    strip = format_utils.strip_prefix

    def strip_source(name: str, *, prefix: str, strict: bool = False) -> str:
        return strip(name, prefix="workflow." if prefix == "src." else prefix, strict=strict)

    format_utils.strip_prefix = strip_source
    skip = file_mutation.MutationVisitor._skip_node_and_children
    arrange = file_mutation.function_trampoline_arrangement

    def harmless(node: cst.CSTNode) -> bool:
        return isinstance(node, cst.FunctionDef) and m.matches(
            node, m.FunctionDef(decorators=[m.Decorator(HARMLESS)])
        )

    def skip_unless_harmless(self, node: cst.CSTNode) -> bool:
        return False if harmless(node) else skip(self, node)

    def arrange_below(function: cst.FunctionDef, mutants, class_name):
        if not harmless(function):
            return arrange(function, mutants, class_name)
        parts = arrange(function.with_changes(decorators=[]), mutants, class_name)
        switch = parts[1][0]
        parts[1][0] = switch.with_changes(decorators=[*function.decorators, *switch.decorators])
        return parts

    file_mutation.MutationVisitor._skip_node_and_children = skip_unless_harmless
    file_mutation.function_trampoline_arrangement = arrange_below


def leave_out_repetitions() -> None:
    """Half of mutmut's mutants: one change of a text, and one of every argument of a call.

    A text gets XX around it and is not tried in capitals, too. An argument with a keyword is left
    out, any other one becomes None: the other way is the same mistake, or no call at all.
    """

    def one_of_a_text(node: cst.BaseString):
        yield from list(mutators.operator_string(node))[:1]

    def one_of_each_argument(node: cst.Call):
        for i, argument in enumerate(node.args):
            rest = [*node.args[:i], *node.args[i + 1 :]]
            if argument.keyword and len(node.args) > 1:
                yield node.with_changes(args=rest)
            elif not argument.star and not m.matches(argument.value, m.Name("None")):
                none = argument.with_changes(value=cst.Name("None"))
                yield node.with_changes(args=[*node.args[:i], none, *node.args[i + 1 :]])

    ours = {
        mutators.operator_string: one_of_a_text,
        mutators.operator_arg_removal: one_of_each_argument,
    }
    file_mutation.mutation_operators = [
        (kind, ours.get(operator, operator)) for kind, operator in file_mutation.mutation_operators
    ]


def choose(every: int) -> None:
    """Try one mutant of so many, by a checksum of its name."""
    collect = mutmut.collect_source_file_mutation_data

    def chosen(**names):
        mutants, files = collect(**names)
        return [m for m in mutants if crc32(m[1].encode()) % every == 0], files

    mutmut.collect_source_file_mutation_data = chosen


def own_tests(mutant: str) -> set[str]:
    """Files of tests for a mutant, polyheads.MODULE.x_..."""
    module = mutant.removeprefix("polyheads.").partition(".x")[0]
    parts = module.split(".")
    known = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return files(next((TESTS[name] for name in known if name in TESTS), ()))


def files(names: Iterable[str]) -> set[str]:
    return {f"tests/unit/test_{name}.py" for name in names}


def hurry() -> None:
    """A module's own tests alone, those that took least first; no search for garbage of torch's.

    The limit is one of processor time: on a busy machine a limit by the clock kills everything.
    """
    isolation.register_timeout = lambda *_: None
    run_tests, warm_up = PytestRunner.run_tests, PytestRunner.warm_up

    def own_in_order(self, *, mutant_name, tests):
        took = state().duration_by_test
        if mutant_name:
            own = own_tests(mutant_name)
            tests = [test for test in tests if test.partition("::")[0] in own]
            if not tests:
                return NO_TESTS
        ordered = sorted(tests, key=lambda name: (took.get(name, 0), name))
        return run_tests(self, mutant_name=mutant_name, tests=ordered)

    def warm_up_and_freeze(self) -> None:
        warm_up(self)
        gc.freeze()

    PytestRunner.run_tests, PytestRunner.warm_up = own_in_order, warm_up_and_freeze


def table() -> str:
    """Markdown: for every module the mutants made, tried and killed, and the share of the last."""
    lines = [
        "| module | mutants | tried | killed | run by no test | score |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    total: Counter[str] = Counter()
    library = ROOT / "mutants" / "workflow" / "polyheads"
    for path in sorted(library.rglob("*.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        found = Counter(mutmut.status_by_exit_code[code] for code in codes)
        if found.total() > found[OPEN]:
            lines.append(_line(str(path.relative_to(library)).removesuffix(".py.meta"), found))
            total += found
    return "\n".join([*lines, _line("all", total)])


def _line(name: str, found: Counter[str]) -> str:
    tried, killed = found.total() - found[OPEN], found[KILLED] + found[TIMEOUT]
    score = 100 * killed / max(tried, 1)
    return f"| {name} | {found.total()} | {tried} | {killed} | {found[UNTESTED]} | {score:.0f} % |"


if __name__ == "__main__":
    if sys.argv[1:] == ["table"]:
        print(table())
        sys.exit()
    # The same examples for every mutant, and no test that fails because the machine is busy.
    hypothesis.settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],  # no search for a small one
    )
    hypothesis.settings.load_profile("mutants")
    if sys.argv[1:2] == ["--every"]:
        choose(int(sys.argv[2]))
        del sys.argv[1:3]
    adapt_mutmut()
    leave_out_repetitions()
    hurry()
    config().pytest_add_cli_args_test_selection = sorted(files(chain(*TESTS.values())))
    mutmut.cli()
