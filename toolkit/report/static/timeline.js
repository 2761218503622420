// The timeline: the whole clip's waveform above, and below it the seconds around the cursor with phones and curves.

const OVERVIEW = 46;
const WAVE = 72;
const PHONES = 24;
const ROW = 25;
const GUTTER = 132;
const READOUT = 44;

function createTimeline(canvas, clip, seek) {
  const { rows, resting } = curveRows(clip);
  const height = OVERVIEW + 10 + WAVE + PHONES + rows.length * ROW + 6;
  const pen = canvas.getContext("2d");
  let span = Math.min(3, clip.seconds);
  let now = 0;
  let colours = themeColours(canvas);

  const width = () => canvas.clientWidth;
  const plot = () => ({ left: GUTTER, right: width() - READOUT });
  const start = () => Math.min(Math.max(0, now - span * 0.4), Math.max(0, clip.seconds - span));
  const scale = (from, seconds) => (time) => plot().left + ((time - from) / seconds) * (plot().right - plot().left);

  function resize() {
    const density = window.devicePixelRatio || 1;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width() * density);
    canvas.height = Math.round(height * density);
    pen.setTransform(density, 0, 0, density, 0, 0);
    colours = themeColours(canvas);
    draw(now);
  }

  function text(words, x, y, colour, align = "left", font = "12px") {
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.font = `${font} ${colours.font}`;
    pen.fillText(words, x, y);
  }

  function bands(x, from, to, top, bottom) {
    for (const phone of clip.phones) {
      if (phone.end <= from || phone.start >= to) continue;
      if (LIPS_SHUT.has(phone.symbol)) pen.fillStyle = colours.shut;
      else if (LIP_ON_TEETH.has(phone.symbol)) pen.fillStyle = colours.teeth;
      else continue;
      pen.fillRect(x(phone.start), top, Math.max(1, x(phone.end) - x(phone.start)), bottom - top);
    }
  }

  function waveform(x, from, to, top, tall) {
    const first = Math.max(0, Math.floor(from * clip.peak_rate));
    const last = Math.min(clip.peakCount - 1, Math.ceil(to * clip.peak_rate));
    const middle = top + tall / 2;
    const edge = (index, side) => pen.lineTo(x(index / clip.peak_rate), middle - clip.peak(index)[side] * tall * 0.48);
    pen.beginPath();
    for (let index = first; index <= last; index++) edge(index, 1);
    for (let index = last; index >= first; index--) edge(index, 0);
    pen.closePath();
    pen.fillStyle = pen.strokeStyle = colours.wave;
    pen.lineWidth = 1;
    pen.fill();
    pen.stroke();
  }

  function overview() {
    const x = scale(0, clip.seconds);
    bands(x, 0, clip.seconds, 0, OVERVIEW);
    waveform(x, 0, clip.seconds, 0, OVERVIEW);
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 1.5;
    pen.strokeRect(x(start()) + 0.5, 0.75, x(start() + span) - x(start()) - 1, OVERVIEW - 1.5);
    text("whole clip", 0, OVERVIEW / 2, colours.muted);
    cursor(x(now), 0, OVERVIEW);
  }

  function phones(x, from, to, top) {
    for (const phone of clip.phones) {
      if (phone.end <= from || phone.start >= to) continue;
      const left = x(Math.max(phone.start, from));
      const right = x(Math.min(phone.end, to));
      pen.fillStyle = colours.line;
      if (phone.start >= from) pen.fillRect(left, top, 1, PHONES);
      if (phone.symbol === "SIL" || right - left < 4 + 7 * phone.symbol.length) continue;
      const spoken = phone.start <= now && now < phone.end;
      text(phone.symbol, (left + right) / 2, top + PHONES / 2, spoken ? colours.accent : colours.text, "center",
        spoken ? "bold 12px" : "11px");
    }
    text(clip.phones.length ? "phones" : "", 0, top + PHONES / 2, colours.muted);
  }

  function curve(row, x, from, to, top) {
    const first = Math.max(0, Math.floor(from * clip.frame_rate));
    const last = Math.min(clip.frames - 1, Math.ceil(to * clip.frame_rate));
    const base = top + ROW - 3;
    const y = (value) => base - Math.min(1, Math.max(0, value / row.top)) * (ROW - 7);
    pen.strokeStyle = row.kind === "gap" ? colours.gap : colours.accent;
    row.lines.forEach((line, index) => {
      pen.beginPath();
      for (let frame = first; frame <= last; frame++) pen.lineTo(x(frame / clip.frame_rate), y(line[frame]));
      pen.lineWidth = 1.5;
      pen.stroke();
      if (index > 0) return;
      pen.lineTo(x(last / clip.frame_rate), base);
      pen.lineTo(x(first / clip.frame_rate), base);
      pen.globalAlpha = 0.16;
      pen.fillStyle = pen.strokeStyle;
      pen.fill();
      pen.globalAlpha = 1;
    });
    pen.fillStyle = colours.line;
    pen.fillRect(plot().left, base, plot().right - plot().left, 1);
  }

  function label(row, top) {
    const frame = Math.min(clip.frames - 1, Math.round(now * clip.frame_rate));
    text(row.label, 0, top + ROW / 2 + 1, row.kind === "gap" ? colours.text : colours.muted);
    text(row.lines[0][frame].toFixed(2), width(), top + ROW / 2 + 1, colours.text, "right");
  }

  function cursor(x, top, bottom) {
    pen.fillStyle = colours.cursor;
    pen.fillRect(x - 0.75, top, 1.5, bottom - top);
  }

  function draw(seconds) {
    now = seconds;
    pen.clearRect(0, 0, width(), height);
    overview();
    const from = start();
    const to = from + span;
    const x = scale(from, span);
    const top = OVERVIEW + 10;
    pen.save();
    pen.beginPath();
    pen.rect(plot().left, top, plot().right - plot().left, height);
    pen.clip();
    bands(x, from, to, top, height - 6);
    waveform(x, from, to, top, WAVE);
    rows.forEach((row, index) => curve(row, x, from, to, top + WAVE + PHONES + index * ROW));
    pen.restore();
    phones(x, from, to, top + WAVE);
    text("sound", 0, top + WAVE / 2, colours.muted);
    rows.forEach((row, index) => label(row, top + WAVE + PHONES + index * ROW));
    cursor(x(now), top, height - 6);
  }

  function timeAt(event) {
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - plot().left) / (plot().right - plot().left);
    const inOverview = event.clientY - box.top < OVERVIEW;
    return inOverview ? share * clip.seconds : start() + share * span;
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    seek(timeAt(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    // Dragging inside the scrolling part would chase its own tail at the edges: only the overview follows the pointer.
    const inOverview = event.clientY - canvas.getBoundingClientRect().top < OVERVIEW;
    if (event.buttons === 1 && inOverview) seek(timeAt(event));
  });
  new ResizeObserver(resize).observe(canvas.parentElement);
  resize();

  return {
    draw,
    repaint: resize,
    resting,
    // Seconds that the lower part shows.
    zoom(seconds) {
      span = Math.min(seconds, clip.seconds);
      draw(now);
    },
  };
}
