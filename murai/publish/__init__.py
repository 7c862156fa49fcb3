"""Pictures that visitors keep: saved to files, queued in the outbox, posted. No torch, no OpenGL."""
