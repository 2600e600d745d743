"""The rules about what people type instead of flags and quotes (FL2xx), and what only they use."""
