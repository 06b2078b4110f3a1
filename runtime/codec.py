"""Workflow payloads are encrypted before they leave the process: AES-256-GCM, keys that rotate."""

import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

_ENCODING = b"binary/encrypted"
_NONCE_BYTES = 12


class UnknownKeyError(Exception):
    """A payload was encrypted with a key this process does not have."""


class EncryptionCodec(PayloadCodec):
    """Encrypts with the newest key, decrypts with whichever key the payload names."""

    def __init__(self, keys: Mapping[str, bytes], *, newest: str) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = newest

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        key_id = self._newest.encode()
        sealed = self._ciphers[self._newest].encrypt(nonce, payload.SerializeToString(), key_id)
        return Payload(
            metadata={"encoding": _ENCODING, "encryption-key-id": key_id}, data=nonce + sealed
        )

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            return payload
        key_id = payload.metadata["encryption-key-id"]
        cipher = self._ciphers.get(key_id.decode())
        if cipher is None:
            raise UnknownKeyError(f"no key {key_id.decode()!r} to read this payload with")
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, key_id))
        except (InvalidTag, ValueError) as error:
            raise UnknownKeyError("the payload was changed or another key was used") from error
