"""What must hold, and the report of a run."""

from collections import Counter
from typing import Final

from permits import proof
from tests.chaos import calls, doubts, standing, traces
from tests.chaos.evidence import Evidence

SHOWN: Final = 25  # problems that a report names


def judge(evidence: Evidence) -> str:
    """Check everything; return what the run was made of. `evidence.problems` is the verdict."""
    standing.check(evidence)
    calls.check(evidence)
    causes = doubts.check(evidence)
    traces.check(evidence)
    proof.make_seal("")
    for problem in proof.verify("").problems:
        evidence.complain(problem)
    return "\n".join(f"{name:>22}: {value}" for name, value in _counts(evidence, causes))


def problems(evidence: Evidence) -> str:
    """The first problems, in full."""
    shown = evidence.problems[:SHOWN]
    rest = len(evidence.problems) - len(shown)
    more = [f"... and {rest} more"] if rest else []
    return "\n".join(f"  - {problem}" for problem in (*shown, *more))


def _counts(evidence: Evidence, causes: Counter[str]) -> list[tuple[str, object]]:
    requests = [each for each in evidence.requests if each["operation"]]
    pages = Counter(f"{str(note['status'])[0]}xx" for note in evidence.diaries.of("page"))
    return [
        ("permits", len(evidence.permits)),
        ("now", _words(Counter(each.state for each in evidence.permits.values()))),
        ("requests", f"{len(requests)}: {_words(Counter(r['operation'] for r in requests))}"),
        ("attempts", _words(Counter(each.outcome for each in evidence.attempts))),
        ("faults", _words(Counter(r["fault"] for r in requests if r["fault"]))),
        ("blows", _words(Counter(f"{blow.kind} {blow.victim}" for blow in evidence.blows))),
        ("pushes in doubt", f"{sum(causes.values())}: {_words(causes)}"),
        ("decisions", _words(Counter(each.verdict for each in evidence.decisions))),
        ("records lost", sum(1 for each in evidence.records if each["state"] == "lost")),
        ("acts", _words(evidence.diaries.done())),
        ("pages", f"{_words(pages)}; forms that came back: {_came_back(evidence)}"),
    ]


def _came_back(evidence: Evidence) -> int:
    return sum(1 for _ in evidence.diaries.of("refused"))


def _words(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common()) or "none"
