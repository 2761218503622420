/** Frames by time: what the worklet sent, sampled at display rate. A page's thread cannot ask the worklet's stream. */

const KEPT = 512; // frames; 8 s, more than any delay

export class Timeline {
  #frames = new Map();
  #rest;
  #newest = -1;
  #frameRate;

  /**
   * @param {number} controls floats in a frame
   * @param {number} frameRate frames a second
   */
  constructor(controls, frameRate) {
    this.#frameRate = frameRate;
    this.#rest = new Float32Array(controls);
  }

  /** Seconds of the newest frame; negative before the first. */
  get end() {
    return this.#newest / this.#frameRate;
  }

  /**
   * Forgets all frames.
   * @param {Float32Array} rest the face before the first
   */
  restart(rest) {
    this.#frames.clear();
    this.#newest = -1;
    this.#rest = rest;
  }

  /**
   * @param {number} index of the frame; one more than the last
   * @param {Float32Array} frame [controls]
   */
  add(index, frame) {
    this.#newest = index;
    this.#frames.set(index, frame);
    this.#frames.delete(index - KEPT);
  }

  /**
   * The face at `seconds`: between two frames it is interpolated, before the first it is at rest, after the newest held.
   * @param {number} seconds
   * @param {Float32Array} into [controls]
   */
  sample(seconds, into) {
    const place = Math.min(Math.max(seconds * this.#frameRate, -1), this.#newest);
    const index = Math.floor(place);
    const [before, after] = [this.#frames.get(index) ?? this.#rest, this.#frames.get(index + 1)];
    const share = after ? place - index : 0;
    for (let i = 0; i < into.length; i++) {
      into[i] = before[i] + (after ? share * (after[i] - before[i]) : 0);
    }
    return into;
  }
}
