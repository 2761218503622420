"""Models in, models out: frontends read a file into a network, passes normalise it, backends write a graph.

::

    student.keras ─ backends/tflite.py ─► student_int8.tflite ─ frontends/tflite.py ─► Network
                                                                     passes/, in order │
    student.facelite · golden.npz · report ◄─ backends/ ◄─ Graph ◄──────── lower.py ◄──┘

Every model takes the same road through its int8 TFLite file, whose scales are the truth.
"""
