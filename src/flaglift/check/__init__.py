"""The prompts of a whole repository: which files, with which settings, what is found and fixed."""
