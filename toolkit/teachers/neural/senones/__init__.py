"""What a speech recogniser's acoustic model makes of speech: pocketsphinx's senones as the teacher's second ear."""
