"""Records what readers do, and shows marketing what came of it."""
