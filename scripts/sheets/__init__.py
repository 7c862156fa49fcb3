"""What scripts/painting_sheets.py draws from, and on."""
