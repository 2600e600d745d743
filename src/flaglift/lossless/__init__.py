"""Spans and edits, and what else keeps every byte that nobody meant to change."""
