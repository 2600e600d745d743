"""Files of prompts: a result is written next to the source, synced, and renamed when complete."""
