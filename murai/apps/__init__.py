"""Where rooms are wired together: one module a command."""
