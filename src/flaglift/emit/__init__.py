"""Translates between AST and fields, and renders fields in the formats of a request."""
