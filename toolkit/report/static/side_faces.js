// From the brows to the chin of face.svg: what speech moves, as large as a card allows.
const LOWER_FACE = "76 176 328 352";

// One card a subject: a drawn face of its own, its name, and what its lips do on this recording.

function createFaces(container, template, subjects) {
  const cards = subjects.map((subject) => {
    const card = document.createElement("figure");
    const stage = document.createElement("div");
    stage.className = "portrait";
    // A shadow root, so that the ids inside face.svg are each face's own.
    const root = stage.attachShadow({ mode: "open" });
    root.append(template.content.cloneNode(true));
    const svg = root.querySelector("#face");
    svg.setAttribute("viewBox", LOWER_FACE);
    const caption = document.createElement("figcaption");
    for (const [tag, words] of [["b", subject.name], ["span", subject.about], ["small", ""]]) {
      const part = document.createElement(tag);
      part.textContent = words;
      caption.append(part);
    }
    card.append(stage, caption);
    container.append(card);
    return { face: createFace(svg), gaps: caption.querySelector("small") };
  });

  return {
    pose: (answers, seconds) => cards.forEach((card, index) => card.face.pose(answers[index].at(seconds))),
    lipGaps: () => cards.map((card) => card.face.lipGap()),
    // The median gap on lips that must be shut, and on vowels.
    summarise(clip, answers) {
      cards.forEach((card, index) => {
        const rows = gapsByKind({ ...clip, ...answers[index] }).filter((row) => ["p, b, m", "vowels"].includes(row.kind));
        card.gaps.textContent = rows.length ? `gap: ${rows.map((row) => `${row.kind} ${row.gap.toFixed(3)}`).join(" · ")}` : "";
      });
    },
  };
}
