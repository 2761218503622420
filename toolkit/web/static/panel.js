/** What the page says in words and bars: latency as a sum, controls as meters, one line of status. */

const METERS = ["jawOpen", "mouthClose", "mouthPressLeft", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthStretchLeft"];

const milliseconds = (seconds) => `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms`;

/** One line under the buttons; `bad` where something went wrong. */
export function say(text, bad = false) {
  const line = document.getElementById("said");
  line.textContent = text;
  line.classList.toggle("bad", bad);
}

/** The terms of `latency`, and what the microphone adds before the page hears it. */
export function showLatency(latency, microphone) {
  const rows = [
    ["student hears ahead", latency.lookahead], ["smoothing, one frame", latency.smoothing],
    ["one hop of sound", latency.hop], ["resampling to 16 kHz", latency.resampler],
    ["gate hears further ahead", latency.gate], ["buffers of the browser", latency.delivery],
  ];
  const body = document.getElementById("latency");
  body.replaceChildren(...rows.filter(([, seconds]) => seconds > 0).map(([name, seconds]) => row(name, seconds)));
  const sum = row("sound and face are late by", latency.total);
  sum.className = "sum";
  body.append(sum);
  if (microphone) body.append(row("microphone, as the browser says", microphone));
}

function row(name, seconds) {
  const made = document.createElement("tr");
  for (const text of [name, milliseconds(seconds)]) {
    made.insertCell().textContent = text;
  }
  return made;
}

/** A bar for each control worth watching; returns how to set them from a face. */
export function createMeters(controls) {
  const shown = METERS.filter((name) => controls.includes(name));
  const bars = shown.map((name) => {
    const label = document.createElement("span");
    label.textContent = name;
    const bar = document.createElement("i");
    document.getElementById("meters").append(label, bar);
    return bar;
  });
  return (face) => bars.forEach((bar, i) => {
    bar.style.transform = `scaleX(${Math.min(1, Math.max(0.002, face[controls.indexOf(shown[i])]))})`;
  });
}
