"""What a recogniser's acoustic model makes of speech: pocketsphinx's senones, for two of the teacher's ears."""
