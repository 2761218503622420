/** The page: buttons choose a sound, every display frame shows the face of what is heard. */
import { fetchKernel } from "./facelite.js";
import { createMeters, say, showLatency } from "./panel.js";
import { createContext, createSpeech } from "./speech.js";
import { createViewer } from "./viewer.js";
import { floatWav } from "./wav.js";

const HERE = new URL("./", import.meta.url);
const $ = (id) => document.getElementById(id);

/** For scripts and tests: what the page works with. `firstFrame` is in milliseconds after the click. */
const live = { context: null, speech: null, viewer: null, clicked: 0, firstFrame: null };
globalThis.live = live;

const bytes = async (name) => {
  const answer = await fetch(new URL(name, HERE));
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
};

let turn = 0; // of start and stop: what a start that another of them has overtaken still brings is not wanted any more
let release = () => {}; // ends the sound that plays
let keeping = false;

// Every display frame: what is heard now. A face that rests is not drawn again.
function drawAlways(controls, setMeters) {
  const [face, drawn] = [new Float32Array(controls.length), new Float32Array(controls.length).fill(NaN)];
  const draw = () => {
    live.speech.sample(face);
    if (face.some((value, i) => value !== drawn[i])) {
      live.viewer.pose(Object.fromEntries(controls.map((name, i) => [name, face[i]])));
      setMeters(face);
      drawn.set(face);
    }
    if (live.firstFrame === null && live.speech.frames > 0) live.firstFrame = performance.now() - live.clicked;
    requestAnimationFrame(draw);
  };
  draw();
}

async function start(event, button, open) {
  const stopped = stop();
  const mine = turn;
  live.clicked = event.timeStamp;
  $("stop").disabled = false; // also while the browser asks about the microphone
  try {
    await stopped;
    await live.context.resume(); // browsers let sound start in answer to a click alone
    if (mine !== turn) return;
    const sound = await open(live.context);
    if (mine !== turn) {
      sound.end();
      return;
    }
    release = sound.end;
    await play(sound, button, mine);
  } catch (problem) {
    if (mine !== turn) return;
    stop();
    say(problem.message, true);
  }
}

async function play({ source, aloud, words, microphone }, button, mine) {
  const keep = $("keep").checked;
  await live.speech.play(source, { aloud, keep });
  if (mine !== turn) return;
  live.firstFrame = null;
  if (source.start) {
    source.onended = () => { if (mine === turn) stop(); };
    source.start();
    release = () => source.stop();
  }
  keeping = keep;
  showLatency(live.speech.latency, microphone);
  say(words);
  button.classList.add("on");
}

async function stop() {
  turn += 1;
  release();
  release = () => {};
  live.speech.stop();
  $("stop").disabled = true;
  document.querySelectorAll("button.on").forEach((button) => button.classList.remove("on"));
  if (keeping) {
    keeping = false;
    const { pcm, sampleRate } = await live.speech.take();
    offer(floatWav(pcm, sampleRate));
  }
}

function offer(wav) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(wav), download: "take.wav" });
  link.textContent = "Save what was heard";
  say("");
  $("said").append(link);
}

async function microphone(context) {
  const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const media = await navigator.mediaDevices.getUserMedia({ audio: wanted });
  const end = () => media.getTracks().forEach((track) => track.stop());
  try {
    const source = new MediaStreamAudioSourceNode(context, { mediaStream: media });
    const { latency } = media.getAudioTracks()[0].getSettings();
    return { source, aloud: $("echo").checked, words: "Listening …", microphone: latency, end };
  } catch (problem) {
    end(); // Firefox refuses one whose rate is not the context's: bugzilla.mozilla.org/1674892
    throw problem;
  }
}

const recording = (encoded, words) => async (context) => {
  const buffer = await context.decodeAudioData(await encoded());
  const end = () => {}; // of one that has not begun
  return { source: new AudioBufferSourceNode(context, { buffer }), aloud: true, words, end };
};

function offerClips(clips) {
  $("clips").replaceChildren(...clips.map(({ file, text }) => {
    const button = document.createElement("button");
    button.textContent = button.title = text;
    button.onclick = (event) => start(event, button, recording(() => bytes(encodeURIComponent(file)), text));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
}

function offerSources() {
  $("microphone").onclick = (event) => start(event, $("microphone"), microphone);
  $("open").onclick = () => $("file").click();
  $("file").onchange = (event) => {
    const [chosen] = event.target.files;
    if (chosen) start(event, $("open"), recording(() => chosen.arrayBuffer(), chosen.name));
    event.target.value = "";
  };
  $("stop").onclick = stop;
  const obey = () => {
    Object.assign(live.speech, { gated: $("gate").checked, idle: $("idle").checked });
    [$("gate").checked, $("idle").checked] = [live.speech.gated, live.speech.idle]; // not every student can have them
  };
  $("gate").onchange = $("idle").onchange = obey;
  obey();
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [chosen] = event.dataTransfer.files;
    if (chosen) start(event, $("open"), recording(() => chosen.arrayBuffer(), chosen.name));
  });
}

async function load() {
  const site = await (await fetch(new URL("site.json", HERE))).json();
  const [kernel, student, gate, head] = await Promise.all([
    fetchKernel(HERE), bytes("student.facelite"), bytes("gate.facelite"), bytes("head.glb"),
  ]);
  live.context = createContext(); // waits for a click, but takes the student in before it
  [live.speech, live.viewer] = await Promise.all([
    createSpeech(live.context, { kernel, student, gate }), createViewer($("face"), head),
  ]);
  drawAlways(live.speech.controls, createMeters(live.speech.controls));
  $("student").textContent = `${site.student}, ${Math.round(student.byteLength / 1024)} KiB`;
  [$("gate").checked, $("idle").checked] = [site.gate, site.idle];
  offerClips(site.clips);
  offerSources();
  $("microphone").disabled = $("open").disabled = false;
  document.body.dataset.ready = "";
}

load().catch((problem) => say(problem.message, true));
