"""How style packs are made: photographs, losses, the loop and its checkpoints."""
