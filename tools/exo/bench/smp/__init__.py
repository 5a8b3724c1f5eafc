"""What operations share and send on several CPUs."""
