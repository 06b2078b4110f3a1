"""How long each kind of step may take, how often it is tried and which failures are final.

A step is first tried as a local activity, which costs the engine one marker instead of a task of
its own. If that does not succeed at once, the ordinary activity of the same name takes over, with
the same derived keys and the patience written here. Business durations are in `domain/timers.py`.
"""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

# One attempt. The worker itself ends it after a moment (`runtime/at_once.py`); the engine's limit
# is only a last resort.
AT_ONCE = LocalActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(maximum_attempts=1),
)

# Ours or theirs, a step that must happen is tried until it does.
UNTIL_DONE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=300),
        maximum_interval=timedelta(seconds=30),
    ),
)

# Watching for new events never gives up; a build that failed is tried again with newer events.
KEEP_FRESH = ActivityConfig(
    start_to_close_timeout=timedelta(hours=1),
    heartbeat_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=30),
    ),
)

# A forecast or a build may take minutes; it reports progress, and silence means that it died.
LONG_WORK = ActivityConfig(
    start_to_close_timeout=timedelta(hours=1),
    heartbeat_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5),
        maximum_interval=timedelta(minutes=5),
        maximum_attempts=5,
    ),
)

# A refresh that failed is followed by the next one; trying the same again helps nobody.
ONE_REFRESH = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30),
    heartbeat_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(maximum_attempts=1),
)

SCANS_PER_STEP_MAX = 50
CALLBACKS_REMEMBERED_MAX = 1_000
