"""One module for each kind of file, and what they share: codecs, parse trees, origins."""
