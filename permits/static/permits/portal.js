/** What every page does besides: menus that close, texts to copy, forms that are sent once. */

const COPIED_FOR = 2000; // milliseconds that a copy button says so

for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  // Left by the keyboard, it must not cover what has the focus then.
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const words = button.querySelector(".visually-hidden");
  const before = words.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
    button.classList.add("is-done");
    words.textContent = button.dataset.copied;
    setTimeout(() => {
      button.classList.remove("is-done");
      words.textContent = before;
    }, COPIED_FOR);
  });
}

// A double click sends a form once; the server would see through it too.
for (const form of document.querySelectorAll("form[data-once], #changelist-form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.classList.add("is-busy");
  });
}

// Coming back to a page must find its forms ready.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
});

// Ctrl+Enter presses the main button of the form that the cursor is in, or else of the page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("form") ?? document;
  const button = (form.querySelector("[data-key=ctrl-enter]")
    ?? document.querySelector("[data-key=ctrl-enter]"));
  if (!button) return;
  event.preventDefault();
  button.form.requestSubmit(button);
});

// Alt and a letter follow the link that names it, in every browser alike.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const link = [...document.querySelectorAll("[data-alt]")]
    .find((each) => event.code === `Key${each.dataset.alt.toUpperCase()}`);
  if (!link) return;
  event.preventDefault();
  link.click();
});

// After a refusal, start where something has to be put right.
(document.querySelector("main [aria-invalid=true]")
  ?? document.querySelector(".errornote[tabindex]"))?.focus();
