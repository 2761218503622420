"""The hubert teacher: a frozen speech encoder (HuBERT, wav2vec 2.0, WavLM) and a small head that we train."""
