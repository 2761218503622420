/** Keeps a mouth shut while nobody speaks: toolkit/idle/gate.py in JavaScript, where its numbers are explained. */

const [OPENS, CLOSES] = [0.6, 0.4];
const HOLD = 12; // frames
const [ATTACK, RELEASE] = [2, 8]; // frames

export class Gate {
  #held = 0;
  #rest;
  /** How far the gate is open, 0..1. */
  openness = 0;

  /** @param {Float32Array} rest [controls]: the face that silence makes */
  constructor(rest) {
    this.#rest = rest;
  }

  /**
   * Hears the next frame of "speech".
   * @param {number} speech
   */
  step(speech) {
    if (speech >= OPENS || (this.#held > 0 && speech >= CLOSES)) {
      this.#held = HOLD;
    } else if (this.#held > 0) {
      this.#held -= 1;
    }
    const change = this.#held > 0 ? 1 / ATTACK : -1 / RELEASE;
    this.openness = Math.min(1, Math.max(0, this.openness + change));
    return this.openness;
  }

  /**
   * The frame as far as the gate is open, in place.
   * @param {Float32Array} frame [controls]
   */
  apply(frame) {
    if (this.openness === 1) return;
    const open = Math.fround(this.openness);
    for (let i = 0; i < frame.length; i++) {
      // float32 step by step, as in Python
      frame[i] = this.#rest[i] + Math.fround(open * Math.fround(frame[i] - this.#rest[i]));
    }
  }
}
