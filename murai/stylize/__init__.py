"""Style packs, the engine that paints with them, and the thread that does it frame by frame."""
