// The mouth: ARKit controls (0 rest, 1 full) -> lip outlines. Lengths are the face's SVG units, x to the viewer's right,
// y down, origin in the middle of the resting lip seam. ARKit's "left" is the character's: the viewer's right.

const MOUTH_HALF_WIDTH = 51;
const JAW_TRAVEL = 62;
const CORNER_INSET = 3;

const mix = (from, to, share) => from + (to - from) * share;

// What the controls make of the mouth, before anything is drawn. `control(name)` gives a value in 0..1.
function mouthShape(control) {
  const both = (name) => (control(name + "Left") + control(name + "Right")) / 2;
  const sealed = Math.min(control("jawOpen"), control("mouthClose"));
  const open = control("jawOpen") - sealed;
  const funnel = control("mouthFunnel");
  const pucker = control("mouthPucker");
  const press = both("mouthPress");

  // Lips that meet over an open jaw meet a little lower than at rest.
  const seam = 0.3 * JAW_TRAVEL * sealed;
  const upper = seam - 4 * funnel - 10 * both("mouthUpperUp") - 4 * control("mouthShrugUpper")
    + 4 * control("mouthRollUpper");
  const lower = seam + JAW_TRAVEL * open + 6 * funnel + 12 * both("mouthLowerDown") - 6 * control("mouthShrugLower")
    - 5 * control("mouthRollLower");
  const gap = Math.max(0, lower - upper - 6 * press);
  const middle = (upper + lower) / 2;

  const corner = (name, sign) => {
    const smile = control("mouthSmile" + name);
    const stretch = control("mouthStretch" + name);
    const width = 1 - 0.42 * pucker - 0.3 * funnel - 0.12 * open + 0.14 * smile + 0.16 * stretch
      + 0.07 * control("mouthDimple" + name);
    return {
      x: sign * MOUTH_HALF_WIDTH * width,
      y: mix(seam, middle, 0.55) - 13 * smile + 10 * control("mouthFrown" + name) + 3 * stretch,
      lift: 5 * (control("mouthUpperUp" + name) - both("mouthUpperUp")),
      drop: 6 * (control("mouthLowerDown" + name) - both("mouthLowerDown")),
    };
  };

  return {
    gap,
    upper: middle - gap / 2,
    lower: middle + gap / 2,
    round: Math.min(1, 1.1 * Math.max(pucker, funnel) + 0.35 * open),
    upperThickness: 13.5 * (1 - 0.62 * control("mouthRollUpper") - 0.3 * press + 0.28 * pucker + 0.3 * funnel),
    lowerThickness: 18 * (1 - 0.62 * control("mouthRollLower") - 0.3 * press + 0.22 * pucker + 0.25 * funnel),
    left: corner("Left", 1),
    right: corner("Right", -1),
  };
}

const xy = (x, y) => `${x.toFixed(2)} ${y.toFixed(2)}`;
const cubic = (x1, y1, x2, y2, x, y) => `C${xy(x1, y1)} ${xy(x2, y2)} ${xy(x, y)}`;

// The edge of a lip from one corner over (0, y) to the other; `round` makes an O of it.
function lipEdge(from, to, y, round) {
  const rise = mix(0.6, 0.98, round);
  const far = mix(0.74, 0.98, round);
  const near = mix(0.42, 0.62, round);
  return cubic(from.x * far, mix(from.y, y, rise), from.x * near, y, 0, y)
    + cubic(to.x * near, y, to.x * far, mix(to.y, y, rise), to.x, to.y);
}

// The upper lip's outer edge with its bow, from the right corner to the left one.
function cupidsBow(shape) {
  const dip = shape.upper - 0.78 * shape.upperThickness;
  const peak = (corner) => shape.upper - shape.upperThickness - corner.lift;
  const flank = (corner) => mix(corner.y, peak(corner), 0.5);
  const { left, right } = shape;
  return cubic(right.x * 0.8, flank(right), right.x * 0.45, peak(right), right.x * 0.25, peak(right))
    + cubic(right.x * 0.15, peak(right), right.x * 0.08, dip, 0, dip)
    + cubic(left.x * 0.08, dip, left.x * 0.15, peak(left), left.x * 0.25, peak(left))
    + cubic(left.x * 0.45, peak(left), left.x * 0.8, flank(left), left.x, left.y);
}

// The lower lip's outer edge, from the left corner to the right one.
function underLip(shape) {
  const bottom = shape.lower + shape.lowerThickness;
  const far = mix(0.84, 0.94, shape.round);
  const rise = mix(0.72, 0.9, shape.round);
  const flank = (corner) => mix(corner.y, bottom + corner.drop, rise);
  const { left, right } = shape;
  return cubic(left.x * far, flank(left), left.x * 0.48, bottom + left.drop, 0, bottom)
    + cubic(right.x * 0.48, bottom + right.drop, right.x * far, flank(right), right.x, right.y);
}

// SVG path data of the lips, of the opening between them, and of what gives them depth.
function mouthPaths(shape) {
  const { left, right, upper, lower, round } = shape;
  const innerLeft = { x: left.x - CORNER_INSET, y: left.y };
  const innerRight = { x: right.x + CORNER_INSET, y: right.y };
  const toOuter = (corner) => `L${xy(corner.x, corner.y)}`;
  const shine = lower + 0.45 * shape.lowerThickness;
  return {
    inner: `M${xy(innerRight.x, innerRight.y)}${lipEdge(innerRight, innerLeft, upper, round)}`
      + `${lipEdge(innerLeft, innerRight, lower, round)}Z`,
    upper: `M${xy(right.x, right.y)}${cupidsBow(shape)}${toOuter(innerLeft)}`
      + `${lipEdge(innerLeft, innerRight, upper, round)}Z`,
    lower: `M${xy(right.x, right.y)}${toOuter(innerRight)}${lipEdge(innerRight, innerLeft, lower, round)}`
      + `${toOuter(left)}${underLip(shape)}Z`,
    seam: `M${xy(right.x, right.y)}${toOuter(innerRight)}${lipEdge(innerRight, innerLeft, upper, round)}${toOuter(left)}`,
    shine: `M${xy(right.x * 0.36, shine - 2)}Q${xy(-4, shine + 3)} ${xy(left.x * 0.22, shine - 1)}`,
  };
}
