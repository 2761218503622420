/** Blinks, looks and brows: toolkit/idle/life.py in JavaScript, where its numbers are explained. The same to the bit. */

export const CONTROLS = [
  "eyeBlinkLeft", "eyeBlinkRight", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookInRight", "eyeLookOutRight",
  "eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight", "browInnerUp", "browOuterUpLeft",
  "browOuterUpRight",
];

/** Frames a second that its numbers are for; a student of any other has no idle life. */
export const FRAME_RATE = 62.5;

const [RESTING, TALKING, LOOKS] = [17, 26, 36]; // a minute
const [SHUT, OPEN, APART] = [5, 11, 40]; // frames
const [FARTHEST, BROWS] = [0.12, 0.18];
const [QUICK, SLOW] = [0.2, 0.004];
const CHANCES = 2 ** 32;

export class Life {
  #chance;
  #blink = 0;
  #wait = 0;
  #aim = [0, 0];
  #gaze = [0, 0];
  #quick = 0;
  #slow = 0;
  #brow = 0;

  /** @param {number} seed 1 .. 2**32 - 1 */
  constructor(seed = 1) {
    this.#chance = seed >>> 0 || 1;
  }

  /**
   * The next frame: a weight for each of CONTROLS.
   * @param {number} loudness root mean square of the hop of audio at the frame
   */
  step(loudness) {
    const emphasis = this.#emphasis(loudness);
    const lids = this.#lids(emphasis > 0.5);
    const [sideways, up] = this.#look();
    const [left, right] = [Math.max(0, sideways), Math.max(0, -sideways)];
    this.#brow += 0.12 * (BROWS * Math.min(1, Math.max(0, emphasis - 1.2)) - this.#brow);
    const brow = this.#brow;
    const [above, below] = [Math.max(0, up), Math.max(0, -up) + 0.1 * lids];
    return [lids, lids, right, left, left, right, above, above, below, below, brow, 0.6 * brow, 0.6 * brow];
  }

  #draw() {
    let x = this.#chance;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#chance = x >>> 0;
    return this.#chance;
  }

  #happens(aMinute) {
    return this.#draw() < (aMinute / (60 * FRAME_RATE)) * CHANCES;
  }

  #between(limit) {
    return limit * (2 * (this.#draw() / CHANCES) - 1);
  }

  #emphasis(loudness) {
    this.#quick += QUICK * (loudness - this.#quick);
    this.#slow += SLOW * (loudness - this.#slow);
    return this.#quick / (this.#slow + 0.01);
  }

  #lids(talking) {
    const begins = this.#happens(talking ? TALKING : RESTING);
    if (this.#blink === 0 && this.#wait === 0 && begins) {
      this.#blink = 1;
      this.#wait = APART + SHUT + OPEN;
    }
    this.#wait = Math.max(0, this.#wait - 1);
    if (this.#blink === 0) return 0;
    const at = this.#blink;
    this.#blink = at === SHUT + OPEN ? 0 : at + 1;
    const share = at <= SHUT ? at / SHUT : (SHUT + OPEN - at) / OPEN;
    return share * share * (3 - 2 * share);
  }

  #look() {
    const moves = this.#happens(LOOKS);
    const home = this.#draw() < Math.floor(CHANCES / 3);
    const aim = [this.#between(FARTHEST), this.#between(FARTHEST / 2)];
    if (moves) this.#aim = home ? [0, 0] : aim;
    for (const axis of [0, 1]) this.#gaze[axis] += 0.5 * (this.#aim[axis] - this.#gaze[axis]);
    return this.#gaze;
  }
}

/** How loud each hop of a student's is, measured on samples of any rate: what `Life.step` takes, a hop a frame. */
export class Loudness {
  /** Root mean squares of the hops heard and not yet taken, oldest first. */
  hops = [];
  #student;
  #rate;
  #heard = 0; // samples
  #begun = 0; // samples before the hop that is being heard
  #ends; // samples at its end
  #count = 1; // hops begun
  #sum = 0;

  /**
   * @param {{ hop: number, sampleRate: number }} student
   * @param {number} rate Hz of the samples
   */
  constructor({ hop, sampleRate }, rate) {
    this.#student = { hop, sampleRate };
    this.#rate = rate;
    this.#ends = this.#end();
  }

  /** @param {Float32Array} pcm */
  push(pcm) {
    for (const sample of pcm) {
      this.#sum += sample * sample;
      this.#heard += 1;
      if (this.#heard === this.#ends) this.#next();
    }
  }

  #next() {
    this.hops.push(Math.sqrt(this.#sum / (this.#ends - this.#begun)));
    [this.#begun, this.#sum] = [this.#ends, 0];
    this.#count += 1;
    this.#ends = this.#end();
  }

  // At 44.1 kHz hops have 705 or 706 samples; a product of whole numbers, so that no hop is a sample off after hours.
  #end() {
    return Math.ceil((this.#count * this.#student.hop * this.#rate) / this.#student.sampleRate);
  }
}
