// Which curves the timeline draws: one row a control, left and right on one row, and first the gap that is drawn.

const REST = 0.03;
const SCALES = [0.25, 0.5, 1];

function curveRows(clip) {
  const gap = Float32Array.from({ length: clip.frames }, (_, frame) => drawnGap(clip, frame));
  const rows = [{ label: "lip gap", kind: "gap", lines: [gap], top: Math.max(0.25, ...gap) }];
  const resting = [];
  for (const name of clip.controls) {
    if (name.endsWith("Right") && clip.controls.includes(name.slice(0, -5) + "Left")) continue;
    const stem = name.endsWith("Left") ? name.slice(0, -4) : name;
    const names = stem === name ? [name] : [name, stem + "Right"].filter((one) => clip.controls.includes(one));
    const lines = names.map((one) => Float32Array.from({ length: clip.frames }, (_, frame) => clip.value(frame, one)));
    const highest = Math.max(...lines.map((line) => Math.max(...line)));
    if (highest < REST) resting.push(stem);
    else rows.push({ label: stem, kind: "curve", lines, top: SCALES.find((scale) => highest <= scale) ?? 1 });
  }
  return { rows, resting };
}
