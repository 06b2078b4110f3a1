"""A generated history of a shop, for warehouses that are to have something in them."""

from datetime import date

from analytics.importers.generated_history import HistorySku, generate_history
from analytics.lake import EventLake
from contracts.events import StoreContext

_SKUS = 100
_SEED = 14
_STORE = StoreContext(store_id="mall", currency="EUR", time_zone="Europe/Berlin")


def write_history(
    lake: EventLake, *, first_day: date, last_day: date, orders_per_day: float
) -> int:
    """Write the history of the days into a lake; returns how many events it has."""
    catalogue = [
        HistorySku(
            sku=f"OLD-{number}",
            product_id=f"P-OLD-{number}",
            product_name=f"Bowl {number}",
            category="Home/Kitchen",
            price_minor=500 + 10 * number,
            cost_minor=300,
        )
        for number in range(_SKUS)
    ]
    return generate_history(
        catalogue,
        store=_STORE,
        first_day=first_day,
        last_day=last_day,
        seed=_SEED,
        orders_per_day=orders_per_day,
        lake=lake,
    ).events
