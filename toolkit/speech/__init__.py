"""Speech: reading audio, corpora with phone timings, synthesis, augmentation."""
