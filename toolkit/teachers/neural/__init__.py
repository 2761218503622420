"""The neural teacher: audio alone -> curves, by convolution and self-attention over the whole utterance."""
