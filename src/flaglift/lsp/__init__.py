"""Prompts in an editor: a language server."""
