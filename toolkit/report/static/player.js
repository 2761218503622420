// Transport: one clock, the sound's own, moves the face and the timeline together.

function createPlayer(clip, face, parts) {
  const { audio, playButton, clock, spoken, speed, zoom, canvas } = parts;
  const frameSeconds = 1 / clip.frame_rate;
  let time = 0;
  const timeline = createTimeline(canvas, clip, seek);

  function show(seconds) {
    time = seconds;
    face.pose(clip.at(seconds));
    timeline.draw(seconds);
    clock.textContent = `${seconds.toFixed(2)} / ${clip.seconds.toFixed(2)} s`;
    const phone = clip.phoneAt(seconds);
    spoken.textContent = phone && phone.symbol !== "SIL" ? phone.symbol : "·";
    spoken.classList.toggle("shut", Boolean(phone) && LIPS_SHUT.has(phone.symbol));
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

  audio.addEventListener("play", () => {
    playButton.classList.add("playing");
    playButton.setAttribute("aria-label", "Pause");
    requestAnimationFrame(follow);
  });
  audio.addEventListener("pause", () => {
    playButton.classList.remove("playing");
    playButton.setAttribute("aria-label", "Play");
  });
  playButton.addEventListener("click", toggle);
  speed.addEventListener("change", () => { audio.playbackRate = Number(speed.value); });
  zoom.addEventListener("change", () => timeline.zoom(Number(zoom.value)));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("select, input, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 10 * frameSeconds : frameSeconds;
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

  return { seek, toggle, timeline, time: () => time };
}
