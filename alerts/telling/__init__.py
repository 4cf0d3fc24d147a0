"""Who is told of an alert, when, why, and why not: routes, muting, escalation, on-call."""
