"""What flows through Murai and how it is handed on. No torch at import, no OpenGL, no files."""
