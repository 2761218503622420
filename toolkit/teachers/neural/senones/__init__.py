"""What an acoustic model of many speakers makes of speech: pocketsphinx's senones as the teacher's second ear."""
