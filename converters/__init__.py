"""Models in, models out: frontends read a file into a network, passes normalise it, backends write a graph.

::

    student.keras ─────────────────────────────── backends/tflite.py ─┐
    student.onnx ─ frontends/onnx.py ─ passes/ ─ quantise.py ─ backends/tflite_file.py ─┤
                                                                     student_int8.tflite
    student.facelite · golden.npz · report ◄─ backends/ ◄─ lower.py ◄─ passes/ ◄─ frontends/tflite.py ◄─┘

Every model takes the same road through its int8 TFLite file, whose scales are the truth.
"""
