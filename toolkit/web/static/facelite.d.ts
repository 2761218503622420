/**
 * facelite's kernel as WebAssembly: speech in, animation curves out. Times are seconds, samples are floats in -1..1 or
 * int16, frames are float32 [frames][controls], oldest first.
 */

/** What a student is: facelite_info of facelite.h. */
export interface Info {
  /** Hz. */
  readonly sampleRate: number;
  /** Samples a windowed runtime is given for one frame. */
  readonly window: number;
  /** Samples of future audio in that window. */
  readonly lookahead: number;
  /** Samples between two frames. */
  readonly hop: number;
  /** Samples a frame depends on. */
  readonly receptiveField: number;
  /** Floats in a frame. */
  readonly controls: number;
  /** Whether streams average three frames unless told otherwise. */
  readonly smoothing: boolean;
  /** Bytes a character. */
  readonly streamBytes: number;
}

/** How late frames are however fast the computer: facelite_latency of facelite.h, and its sum. */
export interface Latency {
  /** Audio after the frame that the student hears. */
  lookahead: number;
  /** The next frame, for the mean of three. */
  smoothing: number;
  /** Audio is collected one hop at a time. */
  hop: number;
  /** Half of the resampling filter. */
  resampler: number;
  total: number;
}

export interface StreamOptions {
  /** Hz of the audio that will be pushed: 8000 to 48000 as in facelite.h; by default the student's own. */
  sampleRate?: number;
  /** By default as the student says. */
  smoothing?: boolean;
}

/** A refusal of the C library. */
export class FaceliteError extends Error {
  constructor(status: number, message: string);
  /** facelite_status. */
  status: number;
}

/**
 * The bytes of the best module that this engine runs.
 * @param folder Address of the folder that holds the modules, ending in a slash.
 */
export function fetchKernel(folder: string | URL): Promise<ArrayBuffer>;

/** A student ready to run, in WebAssembly memory of its own; any number of streams share it. */
export class Student {
  /**
   * @param kernel One of facelite's modules.
   * @param blob The bytes of a student.facelite.
   * @param isa "ref", "wasm_simd128" or "wasm_relaxed_simd" instead of the best in the module.
   * @throws FaceliteError The blob is damaged or of another version, or the module has no such `isa`.
   */
  constructor(kernel: BufferSource | WebAssembly.Module, blob: ArrayBuffer | Uint8Array, isa?: string);
  readonly info: Info;
  /** Names, in the order of a frame. */
  readonly controls: readonly string[];
  /** Instruction set that the student runs on. */
  readonly isa: string;
  /** Frames a second. */
  readonly frameRate: number;
  /**
   * A new character. Its memory lives as long as the student.
   * @throws FaceliteError A sample rate that the kernel does not resample.
   */
  stream(options?: StreamOptions): Stream;
  /** Curves of a whole clip, as a push of all of it and a flush give them. */
  animate(pcm: Float32Array | Int16Array, options?: StreamOptions): Float32Array;
}

/** One character, hearing audio as it comes; made by `Student.stream`. */
export interface Stream {
  readonly sampleRate: number;
  readonly latency: Latency;
  /** Hears any number of samples; returns the frames whose audio is now complete, [0..n][controls]. */
  push(pcm: Float32Array | Int16Array): Float32Array;
  /** The clip has ended: the frames still owed. The stream starts afresh. */
  flush(): Float32Array;
  /**
   * The face at a time of this clip's clock, between its newest frames.
   * @param seconds Since the first sample pushed.
   * @param into [controls].
   */
  sample(seconds: number, into?: Float32Array): Float32Array;
  /**
   * Stops speech: forgets all audio; the face leaves its pose for what comes next, without a jump.
   * @param at Seconds of the clock so far at which the face leaves; by default its newest frame.
   * @param fade Seconds, 0 to 3600.
   */
  stop(at?: number, fade?: number): void;
  /** Forgets all audio: as if silence had always been there. */
  reset(): void;
}
