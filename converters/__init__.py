"""Models in, models out: frontends read a file into a network, passes normalise it, backends write a graph.

::

    student.keras · student.onnx ─ frontends/ ─ passes/ ─ lower.py ─ recipes.py ─ backends/tflite_file.py ─┐
                                                                              student_int8.tflite
    student.facelite · student.c · golden.npz · report ◄─ backends/ ◄─ lower.py ◄─ passes/ ◄─ frontends/tflite.py ◄─┘

Every model takes the same road through its int8 TFLite file, whose scales are the truth.
"""
