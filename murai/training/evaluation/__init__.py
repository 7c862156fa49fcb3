"""What a finished pack is worth: its paintings beside Gatys et al.'s, its steadiness, its strokes. Knows no packs."""
