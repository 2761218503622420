// The clip that the page carries: sound, curves and phones, as toolkit/report/clip.py packs them.

const LIPS_SHUT = new Set(["P", "B", "M"]);
const LIP_ON_TEETH = new Set(["F", "V"]);

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// Curves over time: `values` holds `frames` rows of as many numbers as there are `controls`.
function curvesOver(values, controls, frames, frameRate) {
  const width = controls.length;
  const column = Object.fromEntries(controls.map((name, index) => [name, index]));

  // Values at any time by linear interpolation between frames, as a game samples them.
  function at(seconds) {
    const position = Math.min(frames - 1, Math.max(0, seconds * frameRate));
    const below = Math.floor(position);
    const above = Math.min(frames - 1, below + 1);
    const share = position - below;
    return Object.fromEntries(controls.map((name, index) => [
      name, values[below * width + index] * (1 - share) + values[above * width + index] * share,
    ]));
  }

  // One control's value at a frame; 0 for a control that the student does not have.
  const value = (frame, name) => (name in column ? values[frame * width + column[name]] : 0);
  return { at, value };
}

// What is heard: loudness for drawing, and phones.
function unpackSound(packed) {
  const peaks = new Int8Array(bytesOf(packed.peaks).buffer);
  return {
    ...packed,
    // Loudest and softest sample of the `index`-th of peak_rate slices a second, -1..1.
    peak: (index) => [peaks[2 * index] / 127, peaks[2 * index + 1] / 127],
    peakCount: peaks.length / 2,
    phoneAt: (seconds) => packed.phones.find((phone) => phone.start <= seconds && seconds < phone.end),
  };
}

function unpackClip(packed) {
  const values = new Float32Array(bytesOf(packed.curves).buffer);
  return { ...unpackSound(packed), ...curvesOver(values, packed.controls, packed.frames, packed.frame_rate) };
}
