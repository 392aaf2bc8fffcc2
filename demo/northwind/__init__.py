"""An agent that looks after the specs of a shop, through the public API and nothing else."""
