"""Where the running activity belongs, for the events it writes."""

from temporalio import activity

from store.outbox import Origin


def origin() -> Origin:
    """Return the workflow run of the running activity."""
    info = activity.info()
    return Origin(workflow_id=info.workflow_id or "", run_id=info.workflow_run_id or "")
