"""Teachers: each turns a whole utterance into animation curves; see protocol.py."""
