// Starts the page: one clock, the sound's own, moves every face and the cursor. `window.facelite` is for tests.

function start() {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const audio = find("audio");
  const faces = createFaces(find("faces"), find("drawn-face"), data.subjects);
  const plot = createPlot(find("plot"), data.subjects, seek);
  let clip = null;
  let answers = [];
  let time = 0;

  function show(seconds) {
    time = seconds;
    faces.pose(answers, seconds);
    plot.draw(seconds);
    find("clock").textContent = `${seconds.toFixed(2)} / ${clip.seconds.toFixed(2)} s`;
  }

  function seek(seconds) {
    const wanted = Math.min(clip.seconds, Math.max(0, seconds));
    audio.currentTime = wanted;
    show(wanted);
  }

  function toggle() {
    if (!audio.paused) {
      audio.pause();
      return;
    }
    if (time >= clip.seconds - 0.02) seek(0);
    audio.play().catch(() => {}); // a pause that comes before the sound does ends the promise, not the page
  }

  function follow() {
    if (audio.paused) return;
    show(Math.min(audio.currentTime, clip.seconds));
    requestAnimationFrame(follow);
  }

  function choose(index) {
    audio.pause();
    const packed = data.clips[index];
    clip = unpackSound(packed);
    answers = packed.curves.map((bytes) => {
      const values = Float32Array.from(bytesOf(bytes), (code) => code / 255);
      return curvesOver(values, data.controls, packed.frames, packed.frame_rate);
    });
    audio.src = `data:audio/flac;base64,${packed.sound}`;
    audio.playbackRate = Number(find("speed").value);
    find("about").textContent = `· ${packed.source}`;
    faces.summarise(clip, answers);
    plot.show(clip, answers, find("curve").value);
    const vowel = clip.phones.find((phone) => ["AA", "AE", "AO", "AY", "AH"].includes(phone.symbol));
    show(vowel ? (vowel.start + vowel.end) / 2 : 0);
    audio.addEventListener("loadedmetadata", () => { audio.currentTime = time; }, { once: true });
  }

  data.clips.forEach((one, index) => find("recording").add(new Option(`${one.name} (${one.source.split(",")[0]})`, index)));
  for (const name of [GAP, ...data.controls]) find("curve").add(new Option(name, name));
  audio.addEventListener("play", () => {
    find("play").classList.add("playing");
    find("play").setAttribute("aria-label", "Pause");
    requestAnimationFrame(follow);
  });
  audio.addEventListener("pause", () => {
    find("play").classList.remove("playing");
    find("play").setAttribute("aria-label", "Play");
  });
  find("play").addEventListener("click", toggle);
  find("recording").addEventListener("change", (event) => choose(Number(event.target.value)));
  find("curve").addEventListener("change", (event) => plot.show(clip, answers, event.target.value));
  find("speed").addEventListener("change", (event) => { audio.playbackRate = Number(event.target.value); });
  themeButton(find("theme"), plot.repaint);
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("select, input, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? 10 : 1) / clip.frame_rate;
    const action = {
      " ": toggle,
      ArrowLeft: () => seek(time - step),
      ArrowRight: () => seek(time + step),
      Home: () => seek(0),
      End: () => seek(clip.seconds),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  choose(0);
  window.facelite = { data, seek, time: () => time, lipGaps: faces.lipGaps, choose };
}

start();
