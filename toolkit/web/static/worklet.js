/**
 * The AudioWorklet: hears one channel, sends frames. Its streams begin with the first block after "start", so that frame i
 * stands at that block's context time plus i hops. speech.js is its other end.
 */
import { Student } from "./facelite.js";
import { Gate } from "./gate.js";
import { Loudness } from "./life.js";

// Beyond what the students remember: the filter that resamples, the mean of three frames, the gate's way to its rest.
const SETTLING = 1; // seconds

class FaceliteProcessor extends AudioWorkletProcessor {
  #stream;
  #judge = null; // the gate's student, where its frames are the student's frames
  #gate = null;
  #gated = true;
  #face = null; // the newest frame sent
  #silence = new Float32Array(128);
  #take = null;
  #starting = null;
  #next = null; // context frame that the next block should begin at
  #settling; // samples of silence after which every frame is the rest
  #left = Infinity; // of them, once the sound has been stopped
  #closed = false;
  #sent = 0;
  #waiting = []; // frames whose "speech" or loudness is not there yet
  #speech = [];
  #loudness = null;

  constructor({ processorOptions: { kernel, student, gate } }) {
    super();
    const [loaded, judge] = [new Student(kernel, student), new Student(kernel, gate)];
    this.#stream = loaded.stream({ sampleRate });
    const paired = ["sampleRate", "hop"].every((name) => loaded.info[name] === judge.info[name]);
    if (paired) this.#judge = judge.stream({ sampleRate });
    const remembered = [loaded, judge].map(({ info }) => info.receptiveField / info.sampleRate);
    this.#settling = Math.ceil((Math.max(...remembered) + SETTLING) * sampleRate);
    const { controls, isa, frameRate } = loaded;
    const latency = [this.#stream.latency, this.#judge?.latency ?? null];
    this.port.postMessage({ type: "ready", controls, isa, frameRate, latency });
    this.port.onmessage = ({ data }) => this.#told(data);
  }

  process([[heard = null]]) {
    if (this.#starting) this.#start(this.#starting);
    if (this.#closed) return false;
    if (this.#next === null) return true;
    if (currentFrame !== this.#next) {
      this.port.postMessage({ type: "gap", samples: currentFrame - this.#next });
    }
    const block = heard ?? this.#silence;
    this.#next = currentFrame + block.length;
    this.#loudness.push(block);
    if (this.#left > 0) {
      this.#left -= block.length;
      this.#hear(block);
    } else {
      this.#rest();
    }
    return true;
  }

  #told(message) {
    if (message.type === "start") {
      this.#starting = message;
      this.#left = Infinity;
    } else if (message.type === "stop") {
      this.#left = this.#settling;
    } else if (message.type === "close") {
      this.#closed = true;
    } else if (message.type === "gate") {
      this.#gated = message.on;
    } else if (message.type === "take") {
      this.port.postMessage({ type: "take", blocks: this.#take ?? [], sampleRate });
      this.#take = null;
    }
  }

  #start({ turn, keep }) {
    this.#starting = null;
    this.#stream.reset();
    this.#judge?.reset();
    const rest = this.#stream.sample(0);
    this.#gate = new Gate(rest);
    this.#loudness = new Loudness(this.#stream.student.info, sampleRate);
    [this.#waiting, this.#speech, this.#sent] = [[], [], 0];
    this.#next = currentFrame;
    this.#take = keep ? [] : null;
    this.port.postMessage({ type: "started", turn, at: currentFrame / sampleRate, rest });
  }

  #hear(block) {
    this.#take?.push(block.slice());
    const width = this.#stream.student.info.controls;
    const frames = this.#stream.push(block);
    for (let at = 0; at < frames.length; at += width) this.#waiting.push(frames.slice(at, at + width));
    if (this.#judge) this.#speech.push(...this.#judge.push(block));
    while (this.#complete()) {
      const values = this.#waiting.shift();
      if (this.#judge) this.#judged(values, this.#speech.shift());
      this.#send(values);
    }
  }

  // Whether all of the next frame is there. A student that hears less than a hop ahead is done before the loudness is.
  #complete() {
    return this.#waiting.length > 0 && this.#loudness.hops.length > 0 && (!this.#judge || this.#speech.length > 0);
  }

  #judged(values, speech) {
    this.#gate.step(speech);
    if (this.#gated) this.#gate.apply(values);
  }

  // Silence alone is left in the students, so that they need not run: their next frame is the last. Idle life goes on.
  #rest() {
    while (this.#loudness.hops.length > 0) this.#send(this.#face);
  }

  #send(values) {
    const loudness = this.#loudness.hops.shift();
    this.#face = values.slice();
    this.port.postMessage({ type: "frame", index: this.#sent, values, loudness }, [values.buffer]);
    this.#sent += 1;
  }
}

registerProcessor("facelite", FaceliteProcessor);
