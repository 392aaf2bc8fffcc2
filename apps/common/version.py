"""The version of Lattice, as health checks and the API tell it."""

VERSION = "0.1.0"
