"""What `murai bench` does: each stage and the whole flow against the clock, this machine's own limits, and peers."""
