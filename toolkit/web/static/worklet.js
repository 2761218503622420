/**
 * The AudioWorklet: hears one channel, sends frames. Its streams begin with the first block after "start", so that frame i
 * stands at that block's context time plus i hops. speech.js is its other end.
 */
import { Student } from "./facelite.js";
import { Gate } from "./gate.js";

class FaceliteProcessor extends AudioWorkletProcessor {
  #stream;
  #judge; // the gate's student
  #gate = null;
  #gated = true;
  #silence = new Float32Array(128);
  #take = null;
  #starting = null;
  #next = null; // context frame that the next block should begin at
  #sent = 0;
  #waiting = []; // frames whose "speech" is not there yet
  #speech = [];
  #energy = { sum: 0, samples: 0 };

  constructor({ processorOptions: { kernel, student, gate } }) {
    super();
    const loaded = new Student(kernel, student);
    this.#stream = loaded.stream({ sampleRate });
    this.#judge = new Student(kernel, gate).stream({ sampleRate });
    const { controls, isa, frameRate } = loaded;
    const latency = [this.#stream.latency, this.#judge.latency];
    this.port.postMessage({ type: "ready", controls, isa, frameRate, latency });
    this.port.onmessage = ({ data }) => this.#told(data);
  }

  process([[heard = null]]) {
    if (this.#starting) this.#start(this.#starting);
    if (this.#next === null) return true;
    if (currentFrame !== this.#next) {
      this.port.postMessage({ type: "gap", samples: currentFrame - this.#next });
    }
    const block = heard ?? this.#silence;
    this.#next = currentFrame + block.length;
    this.#take?.push(block.slice());
    this.#hear(block);
    return true;
  }

  #told(message) {
    if (message.type === "start") {
      this.#starting = message;
    } else if (message.type === "gate") {
      this.#gated = message.on;
    } else if (message.type === "take") {
      this.port.postMessage({ type: "take", blocks: this.#take ?? [], sampleRate });
      this.#take = null;
    }
  }

  #start({ keep }) {
    this.#starting = null;
    this.#stream.reset();
    this.#judge.reset();
    const rest = this.#stream.sample(0);
    this.#gate = new Gate(rest);
    [this.#waiting, this.#speech, this.#sent] = [[], [], 0];
    this.#next = currentFrame;
    this.#take = keep ? [] : null;
    this.port.postMessage({ type: "started", at: currentFrame / sampleRate, rest });
  }

  #hear(block) {
    for (const sample of block) this.#energy.sum += sample * sample;
    this.#energy.samples += block.length;
    const width = this.#stream.student.info.controls;
    const frames = this.#stream.push(block);
    for (let at = 0; at < frames.length; at += width) this.#waiting.push(frames.slice(at, at + width));
    this.#speech.push(...this.#judge.push(block));
    while (this.#waiting.length > 0 && this.#speech.length > 0) {
      this.#send(this.#waiting.shift(), this.#speech.shift());
    }
  }

  #send(values, speech) {
    this.#gate.step(speech);
    if (this.#gated) this.#gate.apply(values);
    const loudness = Math.sqrt(this.#energy.sum / Math.max(1, this.#energy.samples));
    this.#energy = { sum: 0, samples: 0 };
    this.port.postMessage({ type: "frame", index: this.#sent, values, loudness }, [values.buffer]);
    this.#sent += 1;
  }
}

registerProcessor("facelite", FaceliteProcessor);
