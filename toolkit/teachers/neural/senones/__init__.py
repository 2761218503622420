"""What a speech recogniser's acoustic model makes of speech: pocketsphinx's senones for the teacher's second and third ear."""
