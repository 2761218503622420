"""Distillation: from a teacher's labels to a student of convolutions only."""
