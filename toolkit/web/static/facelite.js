/**
 * facelite's kernel as WebAssembly: speech in, animation curves out. Runs on a page, in a worker, in an AudioWorklet and in
 * Node. Times are seconds, samples are floats in -1..1 or int16, frames are float32 [frames][controls], oldest first.
 * The frames are those of the C library to the bit: docs/web.md.
 */

/** Best first; an engine refuses to validate what it cannot run. */
const MODULES = ["facelite_relaxed.wasm", "facelite.wasm"];
const ALIGNMENT = 64; // FACELITE_ALIGNMENT
const CHUNK = 2048; // samples that cross into WebAssembly memory at a time
const PAGE = 65536;
const E_ARGUMENT = 1; // FACELITE_E_ARGUMENT

/**
 * What a student is and what it takes to run: facelite_info of facelite.h.
 * @typedef {object} Info
 * @property {number} sampleRate Hz
 * @property {number} window samples a windowed runtime is given for one frame
 * @property {number} lookahead samples of future audio in that window
 * @property {number} hop samples between two frames
 * @property {number} receptiveField samples a frame depends on
 * @property {number} controls floats in a frame
 * @property {boolean} smoothing whether streams average three frames unless told otherwise
 * @property {number} streamBytes memory a character
 */

/**
 * How late frames are however fast the computer, in seconds: facelite_latency of facelite.h, and the sum of it.
 * @typedef {object} Latency
 * @property {number} lookahead audio after the frame that the student hears
 * @property {number} smoothing the next frame, for the mean of three
 * @property {number} hop audio is collected one hop at a time
 * @property {number} resampler half of the resampling filter
 * @property {number} total
 */

/**
 * @typedef {object} StreamOptions
 * @property {number} [sampleRate] Hz of the audio that will be pushed; the student's own unless given
 * @property {boolean} [smoothing] the student's own default unless given
 */

/** A refusal of the C library. */
export class FaceliteError extends Error {
  /**
   * @param {number} status facelite_status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.name = "FaceliteError";
    this.status = status;
  }
}

/**
 * The bytes of the best kernel that this engine runs.
 * @param {string | URL} folder address of the folder that holds the modules, ending in a slash
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchKernel(folder) {
  for (const name of MODULES) {
    const address = new URL(name, folder);
    const answer = await fetch(address);
    if (!answer.ok) {
      throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
    }
    const bytes = await answer.arrayBuffer();
    if (WebAssembly.validate(bytes)) {
      return bytes;
    }
  }
  throw new Error("this browser has no WebAssembly SIMD");
}

/** A student ready to run, in WebAssembly memory of its own; any number of streams share it. */
export class Student {
  /**
   * Those of `animate`, by rate and smoothing: WebAssembly memory is never given back.
   * @type {Map<string, Stream>}
   */
  #streams = new Map();

  /**
   * @param {BufferSource | WebAssembly.Module} kernel one of facelite's modules
   * @param {ArrayBuffer | Uint8Array} blob the bytes of a student.facelite
   * @param {string} [isa] "ref", "wasm_simd128" or "wasm_relaxed_simd" instead of the best in the module
   * @throws {FaceliteError} the blob is damaged or of another version, or the module has no such `isa`
   */
  constructor(kernel, blob, isa) {
    const module = kernel instanceof WebAssembly.Module ? kernel : new WebAssembly.Module(kernel);
    /** @internal */
    this.memory = new Memory(new WebAssembly.Instance(module).exports);
    const memory = this.memory;
    const bytes = blob instanceof Uint8Array ? blob : new Uint8Array(blob);
    const at = memory.allocate(bytes.length);
    memory.bytes().set(bytes, at);
    const info = memory.allocate(128);
    if (isa !== undefined) {
      memory.check(memory.call("facelite_isa_force", memory.text(isa)));
    }
    memory.check(memory.call("facelite_inspect", at, bytes.length, info));
    const [u32, sizes] = [new Uint32Array(memory.buffer(), info, 8), new Uint32Array(memory.buffer(), info + 48, 6)];
    const [sampleRate, window, lookahead, hop, receptiveField, controls, smoothing] = u32;
    const [, , modelBytes, streamBytes, scratchBytes] = sizes;
    /** @type {Readonly<Info>} */
    this.info = Object.freeze({
      sampleRate, window, lookahead, hop, receptiveField, controls, smoothing: smoothing === 1, streamBytes,
    });
    const result = memory.allocate(4);
    memory.check(memory.call("facelite_model_init", memory.allocate(modelBytes), modelBytes, at, bytes.length, result));
    /** @internal */
    this.model = memory.word(result);
    /** @internal */
    this.scratch = memory.allocate(scratchBytes);
    /** @type {readonly string[]} */
    this.controls = Object.freeze(
      Array.from({ length: controls }, (_, i) => memory.ascii(memory.call("facelite_control_name", this.model, i))),
    );
    /** Instruction set that the student runs on. */
    this.isa = memory.ascii(memory.call("facelite_model_isa", this.model));
  }

  /** Frames a second. */
  get frameRate() {
    return this.info.sampleRate / this.info.hop;
  }

  /**
   * A new character. Its memory lives as long as the student.
   * @param {StreamOptions} [options]
   * @throws {FaceliteError} a sample rate that the kernel does not resample
   */
  stream(options = {}) {
    return new Stream(this, options);
  }

  /**
   * Curves of a whole clip, as a push of all of it and a flush give them.
   * @param {Float32Array | Int16Array} pcm
   * @param {StreamOptions} [options]
   */
  animate(pcm, options = {}) {
    const stream = this.#kept(options);
    try {
      return joined([stream.push(pcm), stream.flush()]); // a flush starts it afresh
    } catch (problem) {
      stream.reset();
      throw problem;
    }
  }

  /** @param {StreamOptions} options */
  #kept({ sampleRate = this.info.sampleRate, smoothing = this.info.smoothing }) {
    const key = `${sampleRate} ${smoothing}`;
    const stream = this.#streams.get(key) ?? this.stream({ sampleRate, smoothing });
    this.#streams.set(key, stream);
    return stream;
  }
}

/** One character, hearing audio as it comes; made by `Student.stream`. */
export class Stream {
  #memory;
  #scratch;
  #stream;
  #pcm;
  #frames;
  #capacity;
  #written;
  #pose;
  #sum;

  /**
   * @param {Student} student
   * @param {StreamOptions} options
   */
  constructor(student, { sampleRate = student.info.sampleRate, smoothing }) {
    const { memory, info, model } = student;
    this.student = student;
    this.sampleRate = sampleRate;
    this.#memory = memory;
    this.#scratch = student.scratch;
    const length = memory.call("facelite_stream_bytes", model, sampleRate);
    if (length === 0) {
      throw new FaceliteError(E_ARGUMENT, `${sampleRate} Hz cannot be heard`);
    }
    const result = memory.allocate(4);
    memory.check(memory.call("facelite_stream_init", memory.allocate(length), length, model, result));
    this.#stream = memory.word(result);
    memory.check(memory.call("facelite_stream_set_rate", this.#stream, sampleRate));
    if (smoothing !== undefined) {
      memory.check(memory.call("facelite_stream_set_smoothing", this.#stream, smoothing ? 1 : 0));
    }
    // What a chunk can bring, and what a flush can owe besides.
    const hops = (/** @type {number} */ samples) => Math.ceil(samples / info.hop) + 2;
    this.#capacity = hops((CHUNK * info.sampleRate) / sampleRate) + hops(info.window);
    this.#pcm = memory.allocate(4 * CHUNK);
    this.#frames = memory.allocate(4 * info.controls * this.#capacity);
    this.#pose = memory.allocate(4 * info.controls);
    this.#sum = memory.allocate(32);
    this.#written = memory.allocate(4);
  }

  /**
   * Hears any number of samples; returns the frames whose audio is now complete, [0..n][controls].
   * @param {Float32Array | Int16Array} pcm
   * @returns {Float32Array}
   */
  push(pcm) {
    const parts = [];
    for (let at = 0; at < pcm.length; at += CHUNK) {
      const piece = pcm.subarray(at, at + CHUNK);
      if (piece instanceof Int16Array) {
        new Int16Array(this.#memory.buffer(), this.#pcm, CHUNK).set(piece);
        parts.push(this.#take("facelite_stream_push_i16", this.#pcm, piece.length));
      } else {
        new Float32Array(this.#memory.buffer(), this.#pcm, CHUNK).set(piece);
        parts.push(this.#take("facelite_stream_push_f32", this.#pcm, piece.length));
      }
    }
    return parts.length === 1 ? parts[0] : joined(parts);
  }

  /**
   * The clip has ended: the frames still owed. The stream starts afresh.
   * @returns {Float32Array}
   */
  flush() {
    return this.#take("facelite_stream_flush");
  }

  /**
   * The face at a time of this clip's clock, between its newest frames: facelite_stream_sample.
   * @param {number} seconds since the first sample pushed; not NaN
   * @param {Float32Array} [into] [controls]
   * @returns {Float32Array}
   */
  sample(seconds, into = new Float32Array(this.student.info.controls)) {
    this.#memory.check(this.#memory.call("facelite_stream_sample", this.#stream, seconds, this.#pose));
    into.set(new Float32Array(this.#memory.buffer(), this.#pose, this.student.info.controls));
    return into;
  }

  /**
   * Stops speech: forgets all audio; the face leaves its pose for what comes next, without a jump.
   * @param {number} [at] seconds of the clock so far at which the face leaves; its newest frame unless given
   * @param {number} [fade] seconds, 0 to 3600
   */
  stop(at = Infinity, fade = 0.15) {
    this.#memory.check(this.#memory.call("facelite_stream_stop", this.#stream, at, fade));
  }

  /** Forgets all audio: as if silence had always been there. */
  reset() {
    this.#memory.check(this.#memory.call("facelite_stream_reset", this.#stream));
  }

  /** @returns {Latency} */
  get latency() {
    this.#memory.check(this.#memory.call("facelite_stream_latency", this.#stream, this.#sum));
    const [lookahead, smoothing, hop, resampler] = new Float64Array(this.#memory.buffer(), this.#sum, 4);
    return { lookahead, smoothing, hop, resampler, total: lookahead + smoothing + hop + resampler };
  }

  /**
   * @param {string} name of a function that writes frames
   * @param {number[]} input its arguments between scratch and frames
   */
  #take(name, ...input) {
    const memory = this.#memory;
    memory.check(
      memory.call(name, this.#stream, this.#scratch, ...input, this.#frames, this.#capacity, this.#written),
    );
    const floats = memory.word(this.#written) * this.student.info.controls;
    return new Float32Array(memory.buffer(), this.#frames, floats).slice();
  }
}

/** The memory of an instance, and calls into it. Nothing is given back: all of it goes with the instance. */
class Memory {
  #exports;
  #next;

  /** @param {WebAssembly.Exports} exports */
  constructor(exports) {
    this.#exports = exports;
    this.#next = /** @type {WebAssembly.Global} */ (exports.__heap_base).value;
  }

  /** Views of it are void after the next `allocate`. */
  buffer() {
    return /** @type {WebAssembly.Memory} */ (this.#exports.memory).buffer;
  }

  bytes() {
    return new Uint8Array(this.buffer());
  }

  /**
   * Zeroed bytes, aligned as the C library wants them.
   * @param {number} length
   */
  allocate(length) {
    const at = Math.ceil(this.#next / ALIGNMENT) * ALIGNMENT;
    this.#next = at + length;
    const lacking = this.#next - this.buffer().byteLength;
    if (lacking > 0) {
      /** @type {WebAssembly.Memory} */ (this.#exports.memory).grow(Math.ceil(lacking / PAGE));
    }
    return at;
  }

  /**
   * @param {string} name
   * @param {number[]} args
   * @returns {number}
   */
  call(name, ...args) {
    return /** @type {(...args: number[]) => number} */ (this.#exports[name])(...args);
  }

  /** @param {number} status */
  check(status) {
    if (status !== 0) {
      throw new FaceliteError(status, this.ascii(this.call("facelite_strerror", status)));
    }
  }

  /** @param {number} at */
  word(at) {
    return new Uint32Array(this.buffer(), at, 1)[0];
  }

  /**
   * An AudioWorklet has no TextDecoder.
   * @param {number} at
   */
  ascii(at) {
    const bytes = this.bytes();
    return String.fromCharCode(...bytes.subarray(at, bytes.indexOf(0, at)));
  }

  /** @param {string} ascii */
  text(ascii) {
    const at = this.allocate(ascii.length + 1);
    this.bytes().set(Array.from(ascii, (letter) => letter.charCodeAt(0)), at);
    return at;
  }
}

/** @param {Float32Array[]} parts */
function joined(parts) {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
