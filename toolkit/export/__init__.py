"""Exporters: curves in the formats that engines and animation tools read."""
