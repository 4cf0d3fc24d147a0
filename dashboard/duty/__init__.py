"""Alerts, their past and who is on call, as people see them: what the act pages are made of."""
