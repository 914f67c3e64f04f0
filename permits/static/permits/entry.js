/** Entering a permit: lengths that set the end from the start, and what the plate already has. */

const start = document.getElementById("id_start_time");
const end = document.getElementById("id_end_time");

/** Return the local time `length` after `from`, both as `2018-07-02T09:00:00`. */
function after(from, length) {
  // Reckoned as if in UTC: what is added is clock time, whatever the browser's own zone.
  const time = new Date(`${from}Z`);
  const [unit, amount] = length.split(":");
  if (unit === "hours") time.setUTCHours(time.getUTCHours() + Number(amount));
  if (unit === "days") time.setUTCDate(time.getUTCDate() + Number(amount));
  if (unit === "months") addMonths(time, Number(amount));
  if (unit === "today") time.setUTCHours(23, 59, 0);
  return time.toISOString().slice(0, 19);
}

/** Move to the same day of a later month, or to its last day where it is shorter. */
function addMonths(time, amount) {
  const day = time.getUTCDate();
  time.setUTCDate(1);
  time.setUTCMonth(time.getUTCMonth() + amount);
  const days = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 0)).getUTCDate();
  time.setUTCDate(Math.min(day, days));
}

// The portal reckons the end itself; here it is shown. An end that is typed undoes the length.
const lengths = document.querySelectorAll("[data-lengths] input");
const chosen = () => [...lengths].find((input) => input.checked && input.value);
const free = [...lengths].find((input) => !input.value);

function showEnd() {
  if (!chosen() || !start.value) return;
  const from = start.value.length === 16 ? `${start.value}:00` : start.value;
  end.value = after(from, chosen().value);
  lookAgain();
}

for (const input of lengths) input.addEventListener("change", showEnd);
start?.addEventListener("change", showEnd);
end?.addEventListener("input", () => {
  if (free) free.checked = true;
});
showEnd();

const PAUSE = 250; // milliseconds without a key before the portal is asked

const plate = document.getElementById("id_plate");
const shown = document.querySelector("[data-of-plate]");
const word = document.querySelector("[data-of-plate-word]");
let waiting = 0;
let asked = null;

function lookAgain() {
  clearTimeout(waiting);
  waiting = setTimeout(showPermits, PAUSE);
}

/** Show the permits of the plate as typed so far; an answer that was overtaken is dropped. */
async function showPermits() {
  asked?.abort();
  asked = new AbortController();
  const query = new URLSearchParams({ plate: plate.value, start: start.value, end: end.value });
  try {
    const answer = await fetch(`${shown.dataset.ofPlate}?${query}`, { signal: asked.signal });
    shown.innerHTML = answer.ok && !answer.redirected ? await answer.text() : "";
    const lead = shown.querySelector(".of-plate-lead");
    shown.hidden = !lead;
    word.textContent = lead?.textContent ?? "";
    word.classList.toggle("is-warning", Boolean(lead?.classList.contains("is-warning")));
  } catch {
    // Overtaken, or the portal is away: entering goes on without the hint.
  }
}

if (plate && shown && start && end) {
  for (const field of [plate, start, end]) {
    for (const kind of ["input", "change"]) field.addEventListener(kind, lookAgain);
  }
  if (plate.value) showPermits();
}
