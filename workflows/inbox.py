"""What handlers record for `run` to act on: facts that arrive once, wishes that want an answer."""

from collections import OrderedDict, deque
from typing import Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies


class _Fact(Protocol):
    @property
    def event_id(self) -> str: ...


Fact = TypeVar("Fact", bound=_Fact)
Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Inbox(Generic[Fact]):
    """Facts in order of arrival; one that came before is dropped by its provider's event id."""

    def __init__(self) -> None:
        self._facts: deque[Fact] = deque()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def put(self, fact: Fact) -> None:
        if fact.event_id in self._seen:
            return
        self._seen[fact.event_id] = None
        if len(self._seen) > policies.CALLBACKS_REMEMBERED_MAX:
            self._seen.popitem(last=False)
        self._facts.append(fact)

    def __bool__(self) -> bool:
        return bool(self._facts)

    def take(self) -> Fact:
        return self._facts.popleft()

    def take_all(self, limit: int) -> tuple[Fact, ...]:
        return tuple(self._facts.popleft() for _ in range(min(limit, len(self._facts))))


class Wish(Generic[Request, Answer]):
    """One request at a time that an update handler waits on until `run` has answered."""

    def __init__(self) -> None:
        self.request: Request | None = None
        self._answer: Answer | None = None
        self._refusal: str | None = None

    async def ask(self, request: Request) -> Answer:
        """Record a wish and wait. Raises ApplicationError if it is refused."""
        self.request, self._answer, self._refusal = request, None, None
        await workflow.wait_condition(lambda: self._answer is not None or self._refusal is not None)
        if self._answer is None:
            raise ApplicationError(self._refusal or "", type="OrderStateConflict")
        return self._answer

    def answer(self, answer: Answer) -> None:
        self.request, self._answer = None, answer

    def refuse(self, reason: str) -> None:
        """Refuse the wish if there is one."""
        if self.request is not None:
            self.request, self._refusal = None, reason
