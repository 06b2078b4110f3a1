"""Money is an integer of minor units; every split adds up to the unit."""

from collections.abc import Sequence


def apportion(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights so that the shares add up exactly.

    Each share is first rounded down; the units left over go one each to the largest remainders,
    earlier shares first on a tie. If every weight is zero, the shares are as equal as they can be.

    Raises:
        ValueError: the amount or a weight is negative, or there is nobody to share with.
    """
    if amount_minor < 0 or any(weight < 0 for weight in weights):
        raise ValueError("an amount and its weights cannot be negative")
    if not weights:
        raise ValueError("there is nobody to share with")
    effective = list(weights) if any(weights) else [1] * len(weights)
    total = sum(effective)
    divided = [divmod(amount_minor * weight, total) for weight in effective]
    shares = [share for share, _ in divided]
    by_remainder = sorted(range(len(divided)), key=lambda index: -divided[index][1])
    for index in by_remainder[: amount_minor - sum(shares)]:
        shares[index] += 1

    assert sum(shares) == amount_minor
    return shares


def tax_minor(base_minor: int, rate_bps: int) -> int:
    """Return the tax on a base, rate in basis points, rounded half up to the minor unit."""
    return (base_minor * rate_bps + 5_000) // 10_000
