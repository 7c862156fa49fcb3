"""Pictures as tensors: moved, compared, and what moves in them. Pure functions, but for the flow finders."""
