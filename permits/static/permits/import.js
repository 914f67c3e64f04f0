/** An import's pages: a place to drop a file on, and progress that moves by itself. */

const EVERY = 1000; // milliseconds between two looks

const drop = document.querySelector("[data-drop]");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  drop.querySelector("[data-drop-hint]").hidden = false;
  for (const kind of ["dragover", "drop"]) {
    // Beside the place, a file must not make the browser leave the page.
    window.addEventListener(kind, (event) => event.preventDefault());
  }
  for (const [kind, isOver] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(kind, () => drop.classList.toggle("is-over", isOver));
  }
  drop.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length !== 1) return;
    input.files = event.dataTransfer.files;
    input.focus();
  });
}

const place = document.getElementById("moving");

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(place.dataset.address, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) place.innerHTML = await answer.text();
    } catch {
      // The portal is away for a moment; the next look tells.
    }
  }
  next();
}

function next() {
  if (place.firstElementChild?.dataset.moving === "yes") setTimeout(look, EVERY);
  else location.reload(); // what comes now has buttons, or is another page
}

if (place?.firstElementChild?.dataset.moving === "yes") setTimeout(look, EVERY);
