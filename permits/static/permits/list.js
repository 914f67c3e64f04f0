/** A list: filters that apply themselves, rows ticked together, and how many are ticked. */

for (const select of document.querySelectorAll("select[data-submits]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Fields left empty need not show in the address.
for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
}

const toggle = document.getElementById("action-toggle");
const boxes = [...document.querySelectorAll("input.action-select")];
const counter = document.querySelector(".action-counter");
const noneTicked = counter?.textContent;
let last = null;
let isRange = false;

function count() {
  const ticked = boxes.filter((box) => box.checked).length;
  toggle.checked = ticked === boxes.length;
  toggle.indeterminate = ticked > 0 && ticked < boxes.length;
  counter.textContent = ticked
    ? counter.dataset.ticked.replace("{ticked}", ticked).replace("{all}", boxes.length)
    : noneTicked;
}

if (toggle && boxes.length) {
  toggle.addEventListener("change", () => {
    for (const box of boxes) box.checked = toggle.checked;
    count();
  });
  document.addEventListener("click", (event) => { isRange = event.shiftKey; }, true);
  for (const box of boxes) {
    box.addEventListener("change", () => {
      if (isRange && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = box;
      count();
    });
  }
  window.addEventListener("pageshow", count);
}
