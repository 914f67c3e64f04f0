/** Choosing a zone by typing letters: a combobox, as the ARIA practices describe it. */

const SHOWN = 50; // options at once; more letters find the rest

/** Return a text as it is compared: without case and accents. */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** Return the zones whose names hold every word, those that begin with the text first. */
function find(zones, text) {
  const wanted = plain(text);
  const words = wanted.split(/\s+/).filter(Boolean);
  const rank = (zone) => {
    if (zone.plain === wanted) return 0;
    if (zone.plain.startsWith(wanted)) return 1;
    return words.every((word) => ` ${zone.plain}`.includes(` ${word}`)) ? 2 : 3;
  };
  return zones.filter((zone) => words.every((word) => zone.plain.includes(word)))
    .map((zone, place) => ({ zone, place, rank: rank(zone) }))
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .map(({ zone }) => zone);
}

const asZone = ([name, mark]) => ({ name, mark, plain: plain(name) });
const collator = new Intl.Collator(undefined, { numeric: true }); // Lot 2 before Lot 10

/** Return the zones: from the page where they are few, from the portal where they are many. */
async function load(input) {
  if (!input.dataset.zones) {
    const list = document.getElementById(input.getAttribute("list"));
    return [...(list?.options ?? [])].map((option) => asZone([option.value, option.text]));
  }
  const answer = await fetch(input.dataset.zones);
  return answer.ok && !answer.redirected ? (await answer.json()).zones.map(asZone) : [];
}

class ZoneBox {
  constructor(input) {
    this.input = input;
    this.note = document.getElementById(input.dataset.zone);
    this.zones = [];
    this.active = -1;
    this.list = document.createElement("ul");
    this.list.id = `${input.id}_list`;
    this.list.className = "zone-list";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels[0]?.firstChild.textContent.trim() ?? "");
    this.list.hidden = true;
    this.status = document.createElement("span");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    input.parentElement.append(this.list, this.status);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    load(input).then((zones) => {
      this.zones = zones.sort((a, b) => collator.compare(a.name, b.name));
      this.mark();
      if (this.typed && document.activeElement === input) this.open();
    }, () => {}); // the portal is away: the name can still be typed in full
    input.removeAttribute("list");
    input.addEventListener("input", () => {
      this.typed = true;
      this.open();
    });
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.close());
    input.addEventListener("click", () => this.open());
    // The field keeps the focus while the mouse chooses.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take(Number(option.dataset.place));
    });
  }

  get isOpen() { return !this.list.hidden; }

  /** Show what fits; the first is ready to be taken once something was typed. */
  open() {
    this.found = find(this.zones, this.input.value);
    const rows = this.found.slice(0, SHOWN).map((zone, place) => this.row(zone, place));
    this.list.replaceChildren(...rows);
    this.list.hidden = !rows.length;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    this.activate(this.isOpen && this.typed && this.input.value.trim() ? 0 : -1);
    this.status.textContent = this.input.dataset.found.replace("{count}", this.found.length);
    this.mark();
  }

  row(zone, place) {
    const row = document.createElement("li");
    row.id = `${this.list.id}_${place}`;
    row.dataset.place = String(place);
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.append(zone.name);
    if (zone.mark) {
      const mark = document.createElement("span");
      mark.className = "zone-mark";
      mark.textContent = zone.mark;
      row.append(" ", mark);
    }
    return row;
  }

  activate(place) {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = place;
    const row = this.list.children[place];
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.input.setAttribute("aria-activedescendant", row.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  take(place) {
    this.input.value = this.found[place].name;
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    this.list.hidden = true;
    this.typed = false;
    this.activate(-1);
    this.input.setAttribute("aria-expanded", "false");
    this.mark();
  }

  /** Say under the field that the zone would make a disconnected record. */
  mark() {
    const zone = this.zones.find((each) => each.plain === plain(this.input.value));
    if (this.zones.length) this.note.hidden = !zone?.mark;
  }

  press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!this.isOpen) this.open();
      const count = this.list.children.length;
      const from = this.active < 0 && step < 0 ? 0 : this.active;
      if (this.isOpen) this.activate((from + step + count) % count);
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      this.close();
    } else if (["Enter", "Tab"].includes(event.key) && this.isOpen && this.active >= 0) {
      // Enter takes the zone and stays; Tab and Ctrl+Enter take it and go on.
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault();
      this.take(this.active);
    }
  }
}

for (const input of document.querySelectorAll("input[data-zone]")) new ZoneBox(input);
