// How far the lips are apart, by kind of sound: what the drawn face does, measured on every frame of the clip.

const VOWELS = new Set(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"]);
const KINDS = [
  ["p, b, m", (symbol) => LIPS_SHUT.has(symbol)],
  ["f, v", (symbol) => LIP_ON_TEETH.has(symbol)],
  ["vowels", (symbol) => VOWELS.has(symbol)],
  ["silence", (symbol) => symbol === "SIL"],
];

function drawnGap(clip, frame) {
  const control = (name) => Math.min(1, Math.max(0, clip.value(frame, name)));
  return mouthShape(control).gap / (2 * MOUTH_HALF_WIDTH);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// [kind, median gap in mouth widths, frames] for the kinds of sound that the clip has.
function gapsByKind(clip) {
  const frames = Array.from({ length: clip.frames }, (_, frame) => {
    const phone = clip.phoneAt(frame / clip.frame_rate);
    return { symbol: phone ? phone.symbol : "", gap: drawnGap(clip, frame) };
  });
  return KINDS.map(([kind, belongs]) => {
    const gaps = frames.filter((one) => belongs(one.symbol)).map((one) => one.gap);
    return { kind, gap: gaps.length ? median(gaps) : 0, frames: gaps.length };
  }).filter((row) => row.frames > 0);
}

function showGaps(panel, clip) {
  const rows = gapsByKind(clip);
  if (rows.length < 2) return;
  const most = Math.max(...rows.map((row) => row.gap), 0.01);
  const element = (tag, content, className) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(content);
    return made;
  };
  for (const { kind, gap, frames } of rows) {
    const bar = document.createElement("i");
    bar.style.width = `${(100 * gap) / most}%`;
    panel.querySelector("dl").append(
      element("dt", kind), element("dd", element("div", bar, "track")), element("dd", gap.toFixed(3)));
    panel.querySelector("dl").lastElementChild.title = `${frames} frames`;
  }
  panel.hidden = false;
}
