"""Part of facelite."""
