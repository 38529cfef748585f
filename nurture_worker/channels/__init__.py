"""The ways a message leaves the house, one module each."""
