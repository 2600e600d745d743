"""Files of prompts: a result is written beside the source, synced, and renamed when complete."""
