// Starts a preview: the report's player, with a head in WebGL for its face. `window.facelite` is for tests.

// What stands in for the head where it cannot be shown; sound and curves go on without it.
function noFace(error) {
  const said = document.createElement("p");
  said.className = "no-face";
  said.textContent = `The face cannot be shown: ${error.message}`;
  document.querySelector(".portrait").append(said);
  return { pose() {} };
}

async function start() {
  const find = (id) => document.getElementById(id);
  const clip = unpackClip(JSON.parse(find("clip").textContent));
  const viewer = await createViewer(find("face"), bytesOf(find("head").textContent).buffer).catch(noFace);
  const player = createPlayer(clip, viewer, {
    audio: find("audio"), playButton: find("play"), clock: find("clock"), spoken: find("spoken"),
    speed: find("speed"), zoom: find("zoom"), canvas: find("timeline"),
  });
  const { resting } = player.timeline;
  if (resting.length) find("resting").textContent = `At rest throughout: ${resting.join(", ")}.`;
  themeButton(find("theme"), player.timeline.repaint);
  player.seek(clip.poster);
  window.facelite = { clip, viewer, seek: player.seek, time: player.time };
}

start();
