"""Takes the picture of docs/face.md again: the head at rest and in the poses of Oculus' visemes.

python docs/images/visemes.py
"""

from pathlib import Path

import numpy as np
from facelite.export.visemes import OCULUS, poses
from facelite.face import head
from facelite.face.raster import draw, write_png

SIZE, COLUMNS = 150, 5


def main() -> None:
    shown = [poses()["oculus"].get(name, {}) for name in OCULUS]
    pictures = [
        draw(head(), head().pose(pose), SIZE, yaw=12, centre=(0.012, -0.045), height=0.135)[0] for pose in shown
    ]
    rows = [np.hstack(pictures[first : first + COLUMNS]) for first in range(0, len(pictures), COLUMNS)]
    write_png(Path(__file__).with_suffix(".png"), np.vstack(rows))


if __name__ == "__main__":
    main()
