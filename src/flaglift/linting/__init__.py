"""Runs the rules, and applies their fixes."""
