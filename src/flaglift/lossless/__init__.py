"""Spans, edits and readers that preserve every byte not meant to change."""
