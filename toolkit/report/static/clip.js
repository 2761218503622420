// The clip that the page carries: sound, curves and phones, as toolkit/report/clip.py packs them.

const LIPS_SHUT = new Set(["P", "B", "M"]);
const LIP_ON_TEETH = new Set(["F", "V"]);

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function unpackClip(packed) {
  const frames = packed.frames;
  const values = new Float32Array(bytesOf(packed.curves).buffer);
  const width = packed.controls.length;
  const column = Object.fromEntries(packed.controls.map((name, index) => [name, index]));
  const peaks = new Int8Array(bytesOf(packed.peaks).buffer);

  // Values at any time by linear interpolation between frames, as a game samples them.
  function at(seconds) {
    const position = Math.min(frames - 1, Math.max(0, seconds * packed.frame_rate));
    const below = Math.floor(position);
    const above = Math.min(frames - 1, below + 1);
    const share = position - below;
    return Object.fromEntries(packed.controls.map((name, index) => [
      name, values[below * width + index] * (1 - share) + values[above * width + index] * share,
    ]));
  }

  return {
    ...packed,
    at,
    // One control's value at a frame; 0 for a control that the student does not have.
    value: (frame, name) => (name in column ? values[frame * width + column[name]] : 0),
    // Loudest and softest sample of the `index`-th of peak_rate slices a second, -1..1.
    peak: (index) => [peaks[2 * index] / 127, peaks[2 * index + 1] / 127],
    peakCount: peaks.length / 2,
    phoneAt: (seconds) => packed.phones.find((phone) => phone.start <= seconds && seconds < phone.end),
  };
}
