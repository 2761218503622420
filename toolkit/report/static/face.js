// A drawn face driven by ARKit controls. `createFace(svg)` finds the parts of face.svg and returns how to pose them.

const CENTRE = 240;

// A path that is symmetric about the face's middle: cubic segments down the viewer's right side, mirrored back up.
// `points` are [x from the middle, y, how much of `slide` it follows].
function mirrored(points, slide) {
  const at = ([x, y, follow], sign) => xy(CENTRE + sign * x + slide * follow, y);
  const down = points.map((one) => at(one, 1));
  const up = points.slice(0, -1).reverse().map((one) => at(one, -1));
  return `M${down[0]}C${down.slice(1).join(" ")}C${up.join(" ")}Z`;
}

function headOutline(drop, slide, puff) {
  return mirrored([
    [0, 54, 0],
    [82, 54, 0], [130, 114, 0], [126, 204, 0],
    [124, 248, 0], [122, 290, 0], [115 + 8 * puff, 330 + 0.06 * drop, 0.1],
    [109 + 8 * puff, 364 + 0.2 * drop, 0.4], [103, 394 + 0.45 * drop, 0.7], [86, 424 + 0.66 * drop, 0.9],
    [68, 452 + 0.88 * drop, 1], [42, 478 + drop, 1], [0, 478 + drop, 1],
  ], slide);
}

// Upper lid: the almond's upper edge lowered by `shut` (0 open, 1 closed); `sign` is +1 for the viewer's right eye.
function lidPaths(sign, shut, squint) {
  const x = (value) => CENTRE + sign * value;
  const level = mix(231, 278, Math.min(1, shut));
  const inner = 264 + 2 * shut;
  const outer = 262 + 2 * shut;
  const edge = `M${xy(x(28), inner)}Q${xy(x(58), level)} ${xy(x(91), outer)}`;
  const cheek = 287 - 12 * squint;
  return {
    lid: `${edge}L${xy(x(96), 230)}L${xy(x(24), 230)}Z`,
    lash: edge,
    lower: `M${xy(x(26), 265)}Q${xy(x(60), cheek)} ${xy(x(93), 263)}L${xy(x(93), 296)}L${xy(x(26), 296)}Z`,
  };
}

function browPath(sign, inner, outer, down) {
  const x = (value) => CENTRE + sign * value;
  const inY = 222 - 11 * inner + 10 * down;
  const midY = 208 - 6 * inner - 9 * outer + 7 * down;
  const outY = 223 - 10 * outer + 2 * down;
  return `M${xy(x(24 - 3 * down), inY)}Q${xy(x(58), midY)} ${xy(x(102), outY)}`
    + `Q${xy(x(60), midY + 9)} ${xy(x(26 - 3 * down), inY + 9)}Z`;
}

// From the wing of the nose round the corner of the mouth.
function foldPath(sign, corner) {
  const x = CENTRE + sign * (Math.abs(corner.x) + 17);
  return `M${xy(CENTRE + sign * 35, 340)}Q${xy(CENTRE + sign * 58, 358)} ${xy(x, 392 + corner.y - 2)}`;
}

function createFace(svg) {
  const part = (id) => svg.querySelector("#" + id);
  const draw = (id, path) => part(id).setAttribute("d", path);
  let shape = null;

  function poseMouth(control) {
    shape = mouthShape(control);
    const paths = mouthPaths(shape);
    const jaw = JAW_TRAVEL * control("jawOpen");
    const slide = 10 * (control("jawLeft") - control("jawRight"));
    const shift = 12 * (control("mouthLeft") - control("mouthRight"));
    for (const id of ["mouth-inner", "mouth-clip"]) draw(id, paths.inner);
    draw("mouth-depth", paths.seam);
    draw("lip-upper", paths.upper);
    draw("lip-lower", paths.lower);
    draw("lip-shine", paths.shine);
    draw("seam", paths.seam);
    part("seam").style.opacity = mix(1, 0.35, Math.min(1, shape.gap / 6));
    part("mouth").setAttribute("transform", `translate(${CENTRE + shift} 392)`);
    const tongue = control("tongueOut");
    part("teeth-lower").setAttribute("transform", `translate(${slide} ${9 + 0.94 * jaw})`);
    part("tongue").setAttribute("transform", `translate(${slide} ${mix(18 + 0.62 * jaw, 17 + 0.5 * jaw, tongue)}) scale(${mix(1, 0.86, tongue)} 1)`);
    part("tongue-tip").style.opacity = Math.min(1, 3 * tongue);
    part("tongue-tip").setAttribute("transform", `translate(${slide} ${mix(20 + 0.9 * jaw, 8 + 0.45 * jaw, tongue)})`);
  }

  function poseHead(control) {
    const drop = 0.78 * JAW_TRAVEL * control("jawOpen");
    const slide = 10 * (control("jawLeft") - control("jawRight"));
    draw("head", headOutline(drop, slide, control("cheekPuff")));
    part("chin").setAttribute("transform", `translate(${slide} ${drop + 2 * control("jawForward")})`);
    const sneer = Math.max(control("noseSneerLeft"), control("noseSneerRight"));
    part("nose-wings").setAttribute("transform", `translate(0 ${-5 * sneer})`);
  }

  function poseSide(name, sign, control) {
    const lower = name.toLowerCase();
    const squint = Math.max(control("eyeSquint" + name), control("cheekSquint" + name));
    const lids = lidPaths(sign, control("eyeBlink" + name) - 0.25 * control("eyeWide" + name) + 0.12 * squint, squint);
    draw(`lid-${lower}`, lids.lid);
    draw(`lash-${lower}`, lids.lash);
    draw(`lower-lid-${lower}`, lids.lower);
    const look = sign * 9 * (control("eyeLookOut" + name) - control("eyeLookIn" + name));
    const tilt = 7 * (control("eyeLookDown" + name) - control("eyeLookUp" + name));
    part(`iris-${lower}`).setAttribute("transform", `translate(${look} ${tilt})`);
    draw(`brow-${lower}`, browPath(sign, control("browInnerUp"), control("browOuterUp" + name), control("browDown" + name)));
    draw(`fold-${lower}`, foldPath(sign, shape[lower]));
    const deep = control("mouthSmile" + name) + 0.5 * control("mouthStretch" + name) + 0.6 * control("noseSneer" + name);
    part(`fold-${lower}`).style.opacity = Math.min(0.75, 0.16 + 0.6 * deep);
  }

  return {
    // controls: an object of ARKit names and values; names it lacks are at rest.
    pose(controls) {
      const control = (name) => Math.min(1, Math.max(0, controls[name] ?? 0));
      poseMouth(control);
      poseHead(control);
      poseSide("Left", 1, control);
      poseSide("Right", -1, control);
    },
    // Height of the opening between the lips at its middle, in widths of the resting mouth.
    lipGap: () => shape.gap / (2 * MOUTH_HALF_WIDTH),
  };
}
