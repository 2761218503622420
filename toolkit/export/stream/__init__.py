"""Curves sent over the network while a recording would play: VMC over OSC, and Live Link Face's packets."""
