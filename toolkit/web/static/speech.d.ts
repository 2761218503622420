/** From sound in a page to a face at display rate. Times are seconds; faces are float32 [controls]. */
import type { Latency } from "./facelite.js";

export interface SpeechOptions {
  /** Bytes of the module, from `fetchKernel`. */
  kernel: ArrayBuffer;
  /** Bytes of a student.facelite. */
  student: ArrayBuffer;
  /** Bytes of gate.facelite, the student that hears whether somebody speaks. */
  gate: ArrayBuffer;
  /** Address of worklet.js; by default beside this module. */
  worklet?: string | URL;
}

export interface PlayOptions {
  /** Whether the sound is played, delayed to match the face; for a microphone that is an echo. Default: true. */
  aloud?: boolean;
  /** Whether the worklet keeps the samples it hears, for `take`. Default: false. */
  keep?: boolean;
}

/** The kernel's latency, and what the browser adds on top. */
export interface PageLatency extends Latency {
  /** What the gate hears further ahead than the student. */
  gate: number;
  /** Buffers of the audio thread, and the way of frames to the page's thread. */
  delivery: number;
}

export interface Speech {
  /** The student's controls, then those of idle life that it lacks and can have. */
  readonly controls: readonly string[];
  /** Whether the face rests while nobody speaks. Default: true; false where rate or hop are not the gate's. */
  gated: boolean;
  /** Whether it blinks, looks about, lifts its brows. Default: false; always so unless the frame rate is 62.5. */
  idle: boolean;
  /** Instruction set that the student runs on. */
  readonly isa: string;
  /** By how much the sound is delayed. */
  readonly latency: Readonly<PageLatency>;
  /** Context time of the first sample that the stream heard; null before `play`. */
  readonly origin: number | null;
  /** Frames received since `play`. */
  readonly frames: number;
  /** Times that the audio thread left out samples since `play`; the face is late by as much from then on. */
  readonly gaps: number;
  /** Where on the stream's clock the face is: what is heard at this moment. */
  readonly now: number;
  /** By how much the newest frame is older than `now`; 0 where frames are in time. */
  readonly behind: number;
  /** Called with each frame of the student, gated or not, [controls], and its index. */
  onframe?: (index: number, values: Float32Array) => void;
  /**
   * Forgets all before, and hears `source` until `stop` or the next `play`. One of these that comes before the promise is
   * kept leaves `source` unheard.
   */
  play(source: AudioNode, options?: PlayOptions): Promise<void>;
  /** Disconnects the source; silence follows. Once that is all the students remember, they no longer run. */
  stop(): void;
  /** Ends the worklet; nothing can be played any more. The context stays open. */
  close(): void;
  /** The face `now`, or at `seconds` of the stream's clock. */
  sample(into?: Float32Array, seconds?: number): Float32Array;
  /**
   * What was heard since `play(…, {keep: true})` while the students ran, to the sample. The kernel makes these frames of
   * it anywhere.
   */
  take(): Promise<{ pcm: Float32Array; sampleRate: number }>;
}

/** An AudioContext at a rate that the kernel hears. Create it in answer to a click. */
export function createContext(options?: AudioContextOptions): AudioContext;

/**
 * Starts the student in an AudioWorklet.
 * @throws Error The student does not load.
 */
export function createSpeech(context: AudioContext, options: SpeechOptions): Promise<Speech>;
