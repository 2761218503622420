// Light and dark: the reader's system decides until the button is pressed.

function themeButton(button, repaint) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = getComputedStyle(root).colorScheme === "dark"
      || (root.dataset.theme === undefined && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "light" : "dark";
    repaint();
  });
}

// Colours of report.css, resolved for the theme in force.
function themeColours(element) {
  const style = getComputedStyle(element);
  const probe = document.createElement("span");
  element.parentElement.append(probe);
  const resolve = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const names = ["text", "muted", "line", "accent", "wave", "gap", "shut", "teeth", "cursor"];
  const colours = Object.fromEntries(names.map((name) => [name, resolve(name)]));
  probe.remove();
  return { ...colours, font: style.fontFamily };
}
