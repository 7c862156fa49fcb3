"""Murals that nobody painted: drawn by rule and chance, to be style images without an owner."""
