"""What a teacher says about corpora, on disk: Parquet shards and a manifest.

`run.label` writes a store, over a process pool or a Ray cluster; `store.LabelStore` reads it. docs/labels.md says what
is in the files and what a killed, repeated or failing run does.
"""
