"""Complaint risk per order: labels, moments, features, model, reasons; no pages, no alerts."""
