"""Payload encryption: readable with any kept key, never after a change, never in plain sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from runtime.codec import EncryptionCodec, UnknownKeyError

OLD, NEW = b"o" * 32, b"n" * 32
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"email":"ann@shop.example"}')


def codec_of(newest: str = "new", **keys: bytes) -> EncryptionCodec:
    return EncryptionCodec(keys or {"new": NEW}, newest=newest)


@given(data=st.binary(max_size=200), encoding=st.binary(max_size=20))
async def test_what_goes_in_comes_out(data: bytes, encoding: bytes) -> None:
    payload = Payload(metadata={"encoding": encoding}, data=data)
    codec = codec_of()

    assert await codec.decode(await codec.encode([payload, PLAIN])) == [payload, PLAIN]


async def test_nothing_of_the_content_can_be_seen() -> None:
    [sealed] = await codec_of().encode([PLAIN])

    assert b"ann@shop" not in sealed.SerializeToString()
    assert sealed.metadata["encoding"] == b"binary/encrypted"
    assert sealed.metadata["encryption-key-id"] == b"new"


async def test_the_same_content_never_looks_the_same() -> None:
    first, second = await codec_of().encode([PLAIN, PLAIN])

    assert first.data != second.data


async def test_after_a_rotation_the_old_is_readable_and_the_new_key_is_used() -> None:
    before = await codec_of("old", old=OLD).encode([PLAIN])
    rotated = codec_of("new", old=OLD, new=NEW)
    after = await rotated.encode([PLAIN])

    assert await rotated.decode([*before, *after]) == [PLAIN, PLAIN]
    assert after[0].metadata["encryption-key-id"] == b"new"


async def test_a_key_that_is_gone_is_named() -> None:
    sealed = await codec_of("old", old=OLD).encode([PLAIN])

    with pytest.raises(UnknownKeyError, match="'old'"):
        await codec_of().decode(sealed)


async def test_another_key_of_the_same_name_reads_nothing() -> None:
    sealed = await codec_of("new", new=OLD).encode([PLAIN])

    with pytest.raises(UnknownKeyError, match="another key"):
        await codec_of().decode(sealed)


@pytest.mark.parametrize("place", [0, 11, 12, -1])
async def test_a_changed_payload_is_refused(place: int) -> None:
    [sealed] = await codec_of().encode([PLAIN])
    changed = bytearray(sealed.data)
    changed[place] ^= 1

    with pytest.raises(UnknownKeyError, match="changed"):
        await codec_of().decode([Payload(metadata=sealed.metadata, data=bytes(changed))])


async def test_a_payload_under_another_keys_name_is_refused() -> None:
    [sealed] = await codec_of("old", old=NEW).encode([PLAIN])
    renamed = Payload(metadata={**sealed.metadata, "encryption-key-id": b"new"}, data=sealed.data)

    with pytest.raises(UnknownKeyError, match="changed"):
        await codec_of().decode([renamed])


async def test_a_cut_off_payload_is_refused() -> None:
    [sealed] = await codec_of().encode([PLAIN])

    with pytest.raises(UnknownKeyError, match="changed"):
        await codec_of().decode([Payload(metadata=sealed.metadata, data=sealed.data[:20])])


async def test_what_was_never_encrypted_passes() -> None:
    assert await codec_of().decode([PLAIN, Payload()]) == [PLAIN, Payload()]
