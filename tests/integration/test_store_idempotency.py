"""Idempotency keys: one outcome per key, for as long as anybody asks."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from store.idempotency import (
    IdempotencyKeys,
    IdempotencyMismatchError,
    RequestInProgressError,
    StoredAnswer,
)
from tests.support.postgres import TestDatabases
from tests.support.store import NOW, open_database

ANSWER = StoredAnswer(status=201, body={"product_id": "P-1", "skus": []})


@pytest.fixture
async def keys(databases: TestDatabases) -> AsyncIterator[IdempotencyKeys]:
    async with open_database(databases.create()) as database:
        yield IdempotencyKeys(database.pool)


async def claim(
    keys: IdempotencyKeys, *, key: str = "key-1", fingerprint: str = "f-1", seconds: float = 0
) -> StoredAnswer | None:
    at = NOW + timedelta(seconds=seconds)
    return await keys.claim("products", key, fingerprint=fingerprint, at=at)


async def test_the_first_to_ask_does_the_work(keys: IdempotencyKeys) -> None:
    assert await claim(keys) is None


async def test_whoever_asks_again_gets_the_first_answer(keys: IdempotencyKeys) -> None:
    await claim(keys)
    await keys.keep("products", "key-1", ANSWER)

    assert await claim(keys) == ANSWER
    assert await claim(keys, seconds=10_000_000) == ANSWER


async def test_another_request_under_the_same_key_is_refused(keys: IdempotencyKeys) -> None:
    await claim(keys)
    with pytest.raises(IdempotencyMismatchError):
        await claim(keys, fingerprint="f-2", seconds=3_600)

    await keys.keep("products", "key-1", ANSWER)
    with pytest.raises(IdempotencyMismatchError):
        await claim(keys, fingerprint="f-2")


async def test_a_key_belongs_to_its_scope(keys: IdempotencyKeys) -> None:
    await claim(keys)

    other = await keys.claim("suggestions", "key-1", fingerprint="f-2", at=NOW)

    assert other is None


async def test_while_the_first_works_others_are_told_so(keys: IdempotencyKeys) -> None:
    await claim(keys)

    with pytest.raises(RequestInProgressError):
        await claim(keys, seconds=60)


async def test_a_request_nobody_answered_for_a_minute_is_taken_over_once(
    keys: IdempotencyKeys,
) -> None:
    await claim(keys)

    assert await claim(keys, seconds=61) is None
    with pytest.raises(RequestInProgressError):
        await claim(keys, seconds=61)


async def test_a_request_that_failed_gives_its_key_back(keys: IdempotencyKeys) -> None:
    await claim(keys)
    await keys.release("products", "key-1")

    assert await claim(keys, fingerprint="f-2") is None


async def test_an_answer_cannot_be_given_back(keys: IdempotencyKeys) -> None:
    await claim(keys)
    await keys.keep("products", "key-1", ANSWER)
    await keys.release("products", "key-1")

    assert await claim(keys) == ANSWER


async def test_of_twenty_at_once_one_does_the_work(keys: IdempotencyKeys) -> None:
    outcomes = await asyncio.gather(*(claim(keys) for _ in range(20)), return_exceptions=True)

    assert outcomes.count(None) == 1
    assert all(isinstance(other, RequestInProgressError) for other in outcomes if other is not None)
