"""Webhook signatures: the sender's HMAC over the time of sending and the raw body."""

import hashlib
import hmac
from datetime import datetime

REPLAY_WINDOW_SECONDS = 300
_PARTS_MAX = 16


class WebhookSignatureError(Exception):
    """The message is not from whom it says, was changed, or is too old to be believed."""


class WebhookContentError(Exception):
    """The message is signed correctly and still cannot be understood."""


def verify_signature(body: bytes, *, header: str, secret: str, now: datetime) -> None:
    """Check a header of the form `t=<seconds>,v1=<hex>[,v1=<hex>…]` against the raw body.

    Several signatures may be given while a secret is being replaced; one has to fit. Messages
    from further than the replay window in the past or in the future are refused.
    """
    parts = [part.partition("=") for part in header.split(",", _PARTS_MAX)]
    times = [text for name, _, text in parts if name.strip() == "t"]
    signatures = [text for name, _, text in parts if name.strip() == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdecimal() or not signatures:
        raise WebhookSignatureError("the signature header is missing or malformed")
    expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256)
    if not any(
        hmac.compare_digest(expected.hexdigest().encode(), given.encode()) for given in signatures
    ):
        raise WebhookSignatureError("the signature does not fit the message")
    if abs(now.timestamp() - int(times[0])) > REPLAY_WINDOW_SECONDS:
        raise WebhookSignatureError("the message was signed too long ago, or in the future")
