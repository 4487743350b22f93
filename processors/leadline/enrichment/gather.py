"""All questions about a batch of transitions: a dozen, however many transitions there are."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from typing import TypeVar

from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, Unavailable
from leadline.events.records import Transition
from leadline.history.alert_facts import FoundChange, changes_in, contacts_of, excerpts, oldest_open, readings_at, runs_by_key
from leadline.history.lineage import Direction, Lineage, walks
from leadline.history.node import NodeRef

from .enrich import CHANGES_SHOWN, DOWNSTREAM_SHOWN, EPISODES_SHOWN
from .facts import Facts, hit, job_of, last_good_moment, node_of, run_of, window_of
from .readers import Readers

Answer = TypeVar("Answer")

_WALK_DEPTH = 6
_WALK_NODES = 300
_WALK_SECONDS = 1.0


def gather(readers: Readers, transitions: Sequence[Transition]) -> Facts:
    """Raises Unavailable."""
    questions = _Questions(readers, transitions)
    for side_by_side in questions.steps():
        strands = [readers.begin(strand) for strand in side_by_side]
        wait(strands)
        for strand in strands:
            strand.result()
    return questions.facts


class _Questions:
    """Strands of questions one after the other; the strands of a step do not wait for each other."""

    def __init__(self, readers: Readers, transitions: Sequence[Transition]) -> None:
        self._readers = readers
        self.facts = Facts()
        self._transitions = transitions
        self._nodes = list(dict.fromkeys(node_of(one) for one in transitions))

    def steps(self) -> Iterator[list[Callable[[], None]]]:
        yield [self._up, self._down, self._own]
        yield [self._changes, self._broken]

    def _up(self) -> None:
        self.facts.upstream = self._walks("up")

    def _down(self) -> None:
        self.facts.downstream = self._walks("down")
        wanted = {node: None for one in self._transitions for node in self._with_contact(one)}
        self.facts.contacts = self._ask("owners", lambda client: contacts_of(client, wanted), {})

    def _own(self) -> None:
        facts = self.facts
        runs = {run: None for run in map(run_of, self._transitions) if run}
        good = {moment: None for moment in map(last_good_moment, self._transitions) if moment}
        facts.runs = self._ask("the run", lambda client: runs_by_key(client, runs), {})
        facts.readings = self._ask("last good", lambda client: readings_at(client, good), {})
        facts.excerpts = self._ask("the log", lambda client: excerpts(client, facts.runs), {})

    def _changes(self) -> None:
        upstream = self.facts.upstream
        windows = list(dict.fromkeys(window_of(one, upstream.get(node_of(one))) for one in self._transitions))
        found: list[FoundChange] = self._ask("what changed", lambda client: changes_in(client, windows, CHANGES_SHOWN), [])
        for change in found:
            self.facts.changes.setdefault(windows[change.window], []).append(change)

    def _broken(self) -> None:
        nodes = {reached.node for way in self.facts.upstream.values() for reached in way.nodes}
        # One more than is shown: the transition's own episode is not shown.
        limit = EPISODES_SHOWN + 1
        self.facts.episodes = self._ask("what is broken upstream", lambda client: oldest_open(client, nodes, limit), {})

    def _walks(self, direction: Direction) -> dict[NodeRef, Lineage]:
        return self._ask(
            f"what is {direction}stream",
            lambda client: walks(
                client,
                self._nodes,
                direction,
                depth=_WALK_DEPTH,
                max_nodes=_WALK_NODES,
                seconds=_WALK_SECONDS,
                watermark=None,
            ),
            {},
        )

    def _with_contact(self, one: Transition) -> list[NodeRef]:
        node, job = node_of(one), job_of(one)
        near = [node for node, _ in hit(one, self.facts.downstream.get(node))]
        return [node, *([job] if job else []), *near[:DOWNSTREAM_SHOWN]]

    def _ask(self, what: str, question: Callable[[Client], Answer], otherwise: Answer) -> Answer:
        """Notes what the store refuses to say; only a store that is away raises."""
        try:
            return self._readers.ask(question)
        except Unavailable:
            raise
        except LeadlineError as error:
            self.facts.missing.append(f"{what}: {error}")
            return otherwise
