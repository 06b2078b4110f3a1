"""Identifiers, derived from what they name, so that asking twice meets the same thing."""

import hashlib
import hmac
from uuid import UUID, uuid5

_NAMESPACE = UUID("0b9c0a0e-9c1f-5a0e-8a53-2a7b6f9a2c11")
# Without the letters and digits people confuse (0/O, 1/I/L, U/V).
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
_NUMBER_LENGTH = 12


def order_number(*, secret: bytes, channel: str, idempotency_key: str) -> str:
    """Derive an order's public number from its channel and idempotency key.

    A keyed hash: unguessable without the secret, equal for an equal request. Twelve characters
    carry 58 bits; the thirteenth is a check character that catches any single wrong character.
    """
    message = f"{channel}\x00{idempotency_key}".encode()
    number = int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest(), "big")
    body = ""
    for _ in range(_NUMBER_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        body += _ALPHABET[index]
    return f"M{body[:4]}-{body[4:8]}-{body[8:]}{_check_character(body)}"


def is_order_number(text: str) -> bool:
    """Tell whether the text has an order number's form and its check character fits."""
    body = text[1:].replace("-", "")
    if len(text) != _NUMBER_LENGTH + 4 or text[0] != "M" or len(body) != _NUMBER_LENGTH + 1:
        return False
    if any(character not in _ALPHABET for character in body):
        return False
    return body[-1] == _check_character(body[:-1])


def _check_character(body: str) -> str:
    # Weights are never a multiple of 29, a prime: any single substitution changes the sum.
    weighted = sum((place + 1) * _ALPHABET.index(character) for place, character in enumerate(body))
    return _ALPHABET[weighted % len(_ALPHABET)]


def order_workflow_id(order_id: str) -> str:
    return f"order/{order_id}"


def payment_id(order_id: str, attempt_no: int) -> str:
    return f"{order_id}-P{attempt_no}"


def refund_id(payment: str, refund_no: int) -> str:
    return f"{payment}-R{refund_no}"


def parcel_id(order_id: str, parcel_no: int) -> str:
    return f"{order_id}-S{parcel_no}"


def movement_id(occasion: str, kind: str, sku: str, location_id: str) -> UUID:
    """Name a stock movement after its occasion, so that one occasion moves stock once."""
    return uuid5(_NAMESPACE, f"movement/{occasion}/{kind}/{sku}/{location_id}")


def stock_stream_id(sku: str, location_id: str) -> str:
    return f"{sku}@{location_id}"


def replenishment_workflow_id(sku: str, location_id: str) -> str:
    return f"replenish/{sku}/{location_id}"


def purchase_order_id(suggestion_id: str) -> str:
    return f"PO-{suggestion_id}"
