/** The page of a bulk run or a validation run: asks for its middle part while the run moves. */

const EVERY = 1000; // milliseconds between two looks
const place = document.getElementById("progress");

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(place.dataset.address, { credentials: "same-origin" });
      const text = await answer.text();
      // A button that has the focus, or is being pressed, must not vanish under the hand.
      const isInUse = place.querySelector("button:is(:focus, :active)");
      if (answer.ok && !answer.redirected && !isInUse) place.innerHTML = text;
    } catch {
      // The portal is away for a moment; the next look tells.
    }
  }
  if (place.firstElementChild?.dataset.moving === "yes") setTimeout(look, EVERY);
}

if (place.firstElementChild?.dataset.moving === "yes") setTimeout(look, EVERY);
