/**
 * The AudioWorklet: hears one channel, sends frames. Its stream begins with the first block after "start", so that frame i
 * stands at that block's context time plus i hops. speech.js is its other end.
 */
import { Student } from "./facelite.js";

class FaceliteProcessor extends AudioWorkletProcessor {
  #stream;
  #silence = new Float32Array(128);
  #take = null;
  #waiting = null;
  #frames = 0;
  #next = null;

  constructor({ processorOptions: { kernel, student } }) {
    super();
    const loaded = new Student(kernel, student);
    this.#stream = loaded.stream({ sampleRate });
    const { controls, isa, frameRate } = loaded;
    this.port.postMessage({ type: "ready", controls, isa, frameRate, latency: this.#stream.latency });
    this.port.onmessage = ({ data }) => this.#told(data);
  }

  process([[heard = null]]) {
    if (this.#waiting) {
      this.#start(this.#waiting);
    }
    if (this.#next === null) {
      return true;
    }
    if (currentFrame !== this.#next) {
      this.port.postMessage({ type: "gap", samples: currentFrame - this.#next });
    }
    const block = heard ?? this.#silence;
    this.#next = currentFrame + block.length;
    this.#take?.push(block.slice());
    this.#send(this.#stream.push(block));
    return true;
  }

  #told(message) {
    if (message.type === "start") {
      this.#waiting = message;
    } else if (message.type === "take") {
      this.port.postMessage({ type: "take", blocks: this.#take ?? [], sampleRate });
      this.#take = null;
    }
  }

  #start({ keep }) {
    this.#waiting = null;
    this.#stream.reset();
    this.#frames = 0;
    this.#next = currentFrame;
    this.#take = keep ? [] : null;
    const rest = this.#stream.sample(0);
    this.port.postMessage({ type: "started", at: currentFrame / sampleRate, rest });
  }

  #send(values) {
    if (values.length === 0) {
      return;
    }
    const first = this.#frames;
    this.#frames += values.length / this.#stream.student.info.controls;
    this.port.postMessage({ type: "frames", first, values }, [values.buffer]);
  }
}

registerProcessor("facelite", FaceliteProcessor);
