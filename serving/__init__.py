"""How a process stands in the world: its address, its sockets, its end, and what it prints."""
