/**
 * From sound in a page to a face at display rate: an AudioWorklet that runs a student, a delay that brings the sound to its
 * frames, and their timeline. speech.d.ts describes what it takes and gives.
 */
import { CONTROLS, FRAME_RATE, Life } from "./life.js";
import { Timeline } from "./timeline.js";

// A block waits for its buffer to fill, and its frames for the page's thread; both are over within two display frames.
const DELIVERY = 0.032; // seconds
const LONGEST = 2; // seconds of delay that can be set

/** Sample rates that a 16 kHz student's stream hears; a browser resamples anything else to the last. */
const RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000];

/** An AudioContext at a rate that the kernel hears. */
export function createContext(options = {}) {
  const context = new AudioContext({ latencyHint: "interactive", ...options });
  if (RATES.includes(context.sampleRate)) return context;
  context.close();
  return new AudioContext({ latencyHint: "interactive", ...options, sampleRate: RATES.at(-1) });
}

export async function createSpeech(context, { kernel, student, gate, worklet = new URL("worklet.js", import.meta.url) }) {
  await context.audioWorklet.addModule(worklet);
  const node = new AudioWorkletNode(context, "facelite", {
    numberOfInputs: 1, numberOfOutputs: 1, // some browsers run only what leads to the loudspeaker
    channelCount: 1, channelCountMode: "explicit", channelInterpretation: "speakers",
    processorOptions: { kernel, student, gate },
  });
  const broken = new Promise((_, reject) => {
    node.onprocessorerror = () => reject(new Error("the student does not load in this browser"));
  });
  const ready = await Promise.race([answer(node, "ready"), broken]);
  return new Speech(context, node, ready);
}

class Speech {
  #context;
  #node;
  #timeline;
  #delay;
  #source = null;
  #aloud = false;
  #turn = 0; // of play and stop: a play that another of them has overtaken connects nothing
  #gates; // whether the gate hears this student's frames
  #gated;
  #idle = false;
  #life = new Life();
  #lively; // of CONTROLS, those that the student lacks and can have

  constructor(context, node, { controls, isa, frameRate, latency: [own, gates] }) {
    this.#context = context;
    this.#node = node;
    const lacking = CONTROLS.map((name, i) => i).filter((i) => !controls.includes(CONTROLS[i]));
    this.#lively = frameRate === FRAME_RATE ? lacking : [];
    this.controls = [...controls, ...this.#lively.map((i) => CONTROLS[i])];
    this.#timeline = new Timeline(this.controls.length, frameRate);
    this.isa = isa;
    this.#gates = this.#gated = gates !== null;
    const gate = this.#gates ? Math.max(0, gates.total - own.total) : 0;
    this.latency = { ...own, gate, delivery: DELIVERY, total: own.total + gate + DELIVERY };
    this.gaps = 0;
    this.frames = 0;
    this.origin = null;
    this.#delay = new DelayNode(context, { maxDelayTime: LONGEST, delayTime: this.latency.total });
    this.#delay.connect(context.destination);
    node.connect(context.destination);
    node.port.addEventListener("message", ({ data }) => this.#told(data));
    node.port.start();
  }

  get gated() {
    return this.#gated;
  }

  set gated(on) {
    this.#gated = on && this.#gates;
    this.#node.port.postMessage({ type: "gate", on: this.#gated });
  }

  get idle() {
    return this.#idle;
  }

  set idle(on) {
    this.#idle = on && this.#lively.length > 0;
  }

  /** Seconds on the stream's clock that the face shows now. */
  get now() {
    if (this.origin === null) return -1;
    return this.#soundOut() + (this.#aloud ? 0 : this.#context.outputLatency || 0) - this.latency.total - this.origin;
  }

  /** Seconds by which frames came too late for the time asked, or are still missing. */
  get behind() {
    return Math.max(0, this.now - this.#timeline.end);
  }

  async play(source, { aloud = true, keep = false } = {}) {
    this.stop();
    const mine = this.#turn;
    // The worklet may see the last of several starts alone, and answers that.
    const started = answer(this.#node, "started", ({ turn }) => turn >= mine);
    this.#node.port.postMessage({ type: "start", turn: mine, keep });
    await started;
    if (mine !== this.#turn) return;
    this.#aloud = aloud;
    this.#source = source;
    source.connect(this.#node);
    if (aloud) source.connect(this.#delay);
  }

  stop() {
    this.#turn += 1;
    this.#source?.disconnect();
    this.#source = null;
    this.#node.port.postMessage({ type: "stop" });
  }

  close() {
    this.stop();
    this.#node.port.postMessage({ type: "close" }); // which it hears where it is, at its next block
    this.#delay.disconnect();
  }

  sample(into = new Float32Array(this.controls.length), seconds = this.now) {
    return this.#timeline.sample(seconds, into);
  }

  async take() {
    const taken = answer(this.#node, "take");
    this.#node.port.postMessage({ type: "take" });
    const { blocks, sampleRate } = await taken;
    const pcm = new Float32Array(blocks.reduce((length, block) => length + block.length, 0));
    let at = 0;
    for (const block of blocks) {
      pcm.set(block, at);
      at += block.length;
    }
    return { pcm, sampleRate };
  }

  // The context time that leaves the loudspeaker now; it moves on between two readings of the device.
  #soundOut() {
    const { contextTime, performanceTime } = this.#context.getOutputTimestamp();
    if (!performanceTime) return this.#context.currentTime - (this.#context.outputLatency || 0);
    return contextTime + (performance.now() - performanceTime) / 1000;
  }

  #told(message) {
    if (message.type === "started") {
      this.#restart(message);
    } else if (message.type === "frame") {
      const { index, values, loudness } = message;
      const life = this.#life.step(loudness);
      this.#timeline.add(index, this.#whole(values, this.#idle ? life : new Float32Array(life.length)));
      this.frames = index + 1;
      this.onframe?.(index, values);
    } else if (message.type === "gap") {
      this.gaps += 1;
    }
  }

  // The stream's clock begins anew, and so does the face's life: the same sound makes the same frames.
  #restart({ at, rest }) {
    this.origin = at;
    this.frames = 0;
    this.gaps = 0;
    this.#life = new Life();
    this.#timeline.restart(this.#whole(rest, new Float32Array(CONTROLS.length)));
  }

  // The student's frame and what it lacks of idle life.
  #whole(values, life) {
    const frame = new Float32Array(this.controls.length);
    frame.set(values);
    this.#lively.forEach((from, i) => { frame[values.length + i] = life[from]; });
    return frame;
  }
}

function answer(node, type, fits = () => true) {
  return new Promise((resolve) => {
    node.port.addEventListener("message", function hear({ data }) {
      if (data.type !== type || !fits(data)) return;
      node.port.removeEventListener("message", hear);
      resolve(data);
    });
    node.port.start();
  });
}
