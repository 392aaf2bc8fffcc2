"""A workspace with who reads and looks after its specs."""
