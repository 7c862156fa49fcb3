"""Murai: a webcam becomes a painting, live, on a screen in front of people."""

__version__ = "0.1.0"
