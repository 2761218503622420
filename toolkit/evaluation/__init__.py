"""Measuring teachers and students on speech that they never heard, and setting the figures side by side.

`subjects.open_subjects` opens whatever can be measured, `references.references` says what it should have answered,
`run.measure` asks it, `table` collects rows and seeds, `markdown` prints them. docs/evaluation.md defines every
measure.
"""
