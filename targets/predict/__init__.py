"""What a hop costs on a target, from tables: never a measurement."""
