/** ARKit's names, or whatever the head's morph targets are called; 0 is rest, 1 is full. */
export type Controls = Readonly<Record<string, number>>;

export interface Viewer {
  /** Names of the head's morph targets. */
  readonly controls: readonly string[];
  /** Moves the head and draws it: controls left out are at rest, controls that the head lacks are passed over. */
  pose(controls: Controls): void;
  /** What a control stands at now. */
  weight(name: string): number;
  /** Looks from `degrees` to the head's own left; 0 is the front. Dragging on the canvas does the same. */
  turn(degrees: number): void;
  /** Gives the canvas back. */
  dispose(): void;
}

/**
 * Puts a head on a canvas, seen from the front, and keeps it fitted to the canvas's size in the page.
 *
 * @param canvas Its background is the page's. Dragging turns the head, the wheel zooms.
 * @param glb A glTF 2.0 binary whose meshes name their morph targets in `extras.targetNames`, or its address.
 * @throws Error where the file cannot be read, has no morph targets, or the browser offers no WebGL 2.
 */
export function createViewer(canvas: HTMLCanvasElement, glb: ArrayBuffer | string): Promise<Viewer>;
