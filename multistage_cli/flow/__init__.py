"""How the stages feed each other."""
