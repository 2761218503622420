// Starts the page. `window.facelite` lets a test, or a curious reader, move and measure the face.

function start() {
  const find = (id) => document.getElementById(id);
  const packed = find("clip");
  if (packed) {
    const clip = unpackClip(JSON.parse(packed.textContent));
    const face = createFace(find("face"));
    const player = createPlayer(clip, face, {
      audio: find("audio"), playButton: find("play"), clock: find("clock"), spoken: find("spoken"),
      speed: find("speed"), zoom: find("zoom"), canvas: find("timeline"),
    });
    const resting = player.timeline.resting;
    if (resting.length) find("resting").textContent = `At rest throughout: ${resting.join(", ")}.`;
    showGaps(find("gaps"), clip);
    player.seek(clip.poster);
    window.facelite = { clip, seek: player.seek, time: player.time, lipGap: face.lipGap, pose: face.pose };
    themeButton(find("theme"), player.timeline.repaint);
  } else {
    themeButton(find("theme"), () => {});
  }
}

start();
