"""Task queues: orders want latency, the warehouse wants to be alone with its file."""

ORDERS = "orders"
WAREHOUSE = "warehouse"
