"""What can be asked and done: plain values in, JSON or ids out; each change is one transaction."""
