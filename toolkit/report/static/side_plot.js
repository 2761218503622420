// Waveform, phones, and one row a subject: the chosen curve, with the reference's behind it and the cursor through all.

const SIDE = { wave: 56, phones: 22, row: 58, gutter: 150, readout: 44 };
const GAP = "lip gap, as drawn";

function createPlot(canvas, subjects, seek) {
  const pen = canvas.getContext("2d");
  const height = SIDE.wave + SIDE.phones + subjects.length * SIDE.row + 4;
  let colours = themeColours(canvas);
  let clip = null;
  let lines = [];
  let top = 1;
  let now = 0;

  const width = () => canvas.clientWidth;
  const gutter = () => Math.min(SIDE.gutter, 0.24 * width());
  const span = () => width() - gutter() - SIDE.readout;
  const x = (seconds) => gutter() + (seconds / clip.seconds) * span();

  function text(words, left, middle, colour, align = "left", font = "12px") {
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.font = `${font} ${colours.font}`;
    pen.fillText(words, left, middle);
  }

  function shortened(words, room) {
    pen.font = `12px ${colours.font}`;
    if (pen.measureText(words).width <= room) return words;
    let kept = words;
    while (kept && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
    return `${kept}…`;
  }

  function bands() {
    for (const phone of clip.phones) {
      if (LIPS_SHUT.has(phone.symbol)) pen.fillStyle = colours.shut;
      else if (LIP_ON_TEETH.has(phone.symbol)) pen.fillStyle = colours.teeth;
      else continue;
      pen.fillRect(x(phone.start), 0, Math.max(1, x(phone.end) - x(phone.start)), height);
    }
  }

  function waveform() {
    const middle = SIDE.wave / 2;
    const edge = (index, side) => pen.lineTo(x(index / clip.peak_rate), middle - clip.peak(index)[side] * SIDE.wave * 0.46);
    pen.beginPath();
    for (let index = 0; index < clip.peakCount; index++) edge(index, 1);
    for (let index = clip.peakCount - 1; index >= 0; index--) edge(index, 0);
    pen.closePath();
    pen.fillStyle = colours.wave;
    pen.fill();
    text("sound", 0, middle, colours.muted);
  }

  function phones() {
    const middle = SIDE.wave + SIDE.phones / 2;
    for (const phone of clip.phones) {
      const room = x(phone.end) - x(phone.start);
      if (phone.symbol === "SIL" || room < 2 + 6 * phone.symbol.length) continue;
      const spoken = phone.start <= now && now < phone.end;
      text(phone.symbol, (x(phone.start) + x(phone.end)) / 2, middle, spoken ? colours.accent : colours.text, "center",
        spoken ? "bold 11px" : "10px");
    }
    if (clip.phones.length) text("phones", 0, middle, colours.muted);
  }

  function stroke(line, base, colour, thick) {
    pen.beginPath();
    line.forEach((value, frame) => {
      const share = Math.min(1, Math.max(0, value / top));
      pen.lineTo(x(frame / clip.frame_rate), base - share * (SIDE.row - 12));
    });
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.stroke();
  }

  function row(index) {
    const base = SIDE.wave + SIDE.phones + (index + 1) * SIDE.row - 4;
    const line = lines[index];
    pen.fillStyle = colours.line;
    pen.fillRect(gutter(), base, span(), 1);
    if (index > 0) stroke(lines[0], base, colours.muted, 1);
    stroke(line, base, index > 0 ? colours.accent : colours.text, 1.75);
    const frame = Math.min(clip.frames - 1, Math.round(now * clip.frame_rate));
    text(shortened(subjects[index].name, gutter() - 12), 0, base - SIDE.row / 2 + 6, colours.text);
    text(line[frame].toFixed(2), width(), base - SIDE.row / 2 + 6, colours.text, "right");
  }

  function draw(seconds) {
    now = seconds;
    if (!clip) return;
    pen.clearRect(0, 0, width(), height);
    bands();
    waveform();
    phones();
    subjects.forEach((_, index) => row(index));
    pen.fillStyle = colours.cursor;
    pen.fillRect(x(now) - 0.75, 0, 1.5, height);
  }

  function resize() {
    const density = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width() * density);
    canvas.height = Math.round(height * density);
    pen.setTransform(density, 0, 0, density, 0, 0);
    colours = themeColours(canvas);
    draw(now);
  }

  const timeAt = (event) => ((event.clientX - canvas.getBoundingClientRect().left - gutter()) / span()) * clip.seconds;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    seek(timeAt(event));
  });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons === 1) seek(timeAt(event)); });
  new ResizeObserver(resize).observe(canvas.parentElement);

  return {
    draw,
    repaint: resize,
    // Show `name`, a control or GAP, of each answer to a recording; all rows have the scale that the largest needs.
    show(shown, answers, name) {
      clip = shown;
      const read = name === GAP ? drawnGap : (answer, frame) => answer.value(frame, name);
      lines = answers.map((answer) => Float32Array.from({ length: clip.frames }, (_, frame) => read(answer, frame)));
      const highest = Math.max(...lines.map((line) => line.reduce((most, value) => Math.max(most, value), 0)));
      top = SCALES.find((scale) => highest <= scale) ?? Math.max(1, highest);
      resize();
    },
  };
}
