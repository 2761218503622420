"""A student trains on PyTorch as on TensorFlow: the first steps of one model on one batch lose the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("keras", reason="needs facelite[distill]")
pytest.importorskip("torch", reason="needs facelite[hubert]")

STEPS = """
import json
import keras
import numpy as np
from facelite.distill import recipe, students
from facelite.distill.losses import label_loss

student = recipe.load("tiny_real_time").student
model = students.trainer(student, seed=1)
rng = np.random.default_rng(1)
initial = [0.05 * rng.standard_normal(value.shape).astype(np.float32) for value in model.get_weights()]
kept = [w.path.endswith(("variance", "gamma")) for w in model.weights]
model.set_weights([np.abs(w) + 1 if k else w for w, k in zip(initial, kept)])
controls = student.controls
loss = label_loss(controls, np.full(len(controls), 0.1, np.float32), velocity_weight=0.5, contact_weight=1.0)
model.compile(keras.optimizers.AdamW(1e-3, clipnorm=1.0), {"curves": loss, "mel": "mse"})
frames = 12
audio = rng.uniform(-1, 1, (2, (frames - 1) * student.hop + student.window, 1)).astype(np.float32)
targets = {name: rng.random(tuple(output.shape)).astype(np.float32) for name, output in model(audio).items()}
print(json.dumps([float(model.train_on_batch(audio, targets, return_dict=True)["loss"]) for _ in range(3)]))
"""


def _losses(backend: str) -> list[float]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", STEPS], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_both_backends_train_alike():
    torch, tensorflow = _losses("torch"), _losses("tensorflow")
    assert tensorflow[-1] < tensorflow[0]
    assert torch == pytest.approx(tensorflow, rel=2e-3)
