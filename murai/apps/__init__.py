"""The programs: the only places where rooms are wired together."""
