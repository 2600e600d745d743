"""The prompts of a whole repository: file selection, settings, findings and fixes."""
