"""Findings, translations and models as text and JSON."""
