"""Prompts inside files: found with exact positions, and written back."""
