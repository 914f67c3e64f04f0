/**
 * Walk through all that the page offers as the Tab key would, and return what is wrong, in words.
 *
 * A key must have been pressed before: only then does a browser show where the focus is.
 */
() => {
  const wrong = [];
  const complain = (words, each) =>
    wrong.push(`${words}: ${each.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const style = (each) => getComputedStyle(each);
  const isShown = (each) => each.checkVisibility({ visibilityProperty: true });
  const CONTROL = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])";

  /** Whether the Tab key stops here: of a group of radio buttons, at one alone. */
  const stops = (each) => {
    if (each.matches(":disabled") || !isShown(each) || each.tabIndex < 0) return false;
    if (each.type !== "radio" || each.checked) return true;
    const group = groupOf(each);
    return !group.some((one) => one.checked) && group[0] === each;
  };
  const groupOf = (radio) =>
    [...document.getElementsByName(radio.name)].filter((one) => one.form === radio.form);

  // --- Contrast, as WCAG reckons it ----------------------------------------------------------

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const light = (colour) => {
    const [red, green, blue] = rgba(colour).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (each) => {
    for (let at = each.parentElement; at; at = at.parentElement) {
      if (rgba(style(at).backgroundColor)[3] === 255) return style(at).backgroundColor;
    }
    return style(document.body).backgroundColor;
  };

  // --- What each stop must keep --------------------------------------------------------------

  /** Where its focus may be drawn: on it, in it, or on what stands for it. */
  const places = (each) =>
    [each, ...each.querySelectorAll("rect"), each.nextElementSibling].filter(Boolean);
  const outlined = (each) => places(each).filter((place) => style(place).outlineStyle !== "none");
  const isClear = (place) =>
    parseFloat(style(place).outlineWidth) >= 2
    && style(place).opacity === "1"
    && contrast(style(place).outlineColor, ground(place)) >= 3;

  /** Whether nothing lies over all of it: five points are asked. */
  const isInSight = (each) => {
    const [box] = places(each).find((place) => style(place).opacity === "1").getClientRects();
    const points = [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]];
    return points.some(([x, y]) => {
      const top = document.elementFromPoint(box.x + x * box.width, box.y + y * box.height);
      return each.contains(top) || each.labels?.[0]?.contains(top);
    });
  };

  const walk = (stop) => {
    if (outlined(stop).length) complain("looks as if it had the focus", stop);
    stop.focus();
    if (document.activeElement !== stop) return complain("does not take the focus", stop);
    if (!outlined(stop).some(isClear)) complain("does not show the focus well", stop);
    if (!isInSight(stop)) complain("is covered while it has the focus", stop);
    const tab = new KeyboardEvent("keydown", { key: "Tab", code: "Tab", bubbles: true, cancelable: true });
    if (!stop.dispatchEvent(tab)) complain("does not let the Tab key go on", stop);
    stop.blur();
    if (document.activeElement !== document.body) complain("does not let the focus go", stop);
  };

  // --- All of the page, and what its menus and folds hold --------------------------------------

  const before = document.activeElement;
  const scrolled = [scrollX, scrollY];
  const folds = [...document.querySelectorAll("details:not([open])")];
  const menus = folds.filter((fold) => fold.matches(".menu"));
  for (const fold of folds) fold.open = !menus.includes(fold);
  before?.blur();
  const row = document.querySelector(".action-select"); // ticked, it brings a bar that stays in sight
  row?.click();
  const within = (root) => [...root.querySelectorAll(CONTROL)].filter(stops);
  const reached = new Set(within(document));
  reached.forEach(walk);
  for (const menu of menus) {
    menu.open = true;
    for (const stop of within(menu)) {
      if (!reached.has(stop)) walk(stop);
      reached.add(stop);
    }
    menu.open = false;
  }

  /** Whether the keyboard does what a click here would. */
  const isOffered = (each) => {
    const control = each.closest(CONTROL) ?? each.closest("label")?.control;
    if (reached.has(control)) return true;
    if (control?.type === "radio") return groupOf(control).some((one) => reached.has(one));
    const list = each.closest("[role=listbox]"); // its options are chosen from its field
    return list && [...reached].some((one) => one.getAttribute("aria-controls") === list.id);
  };
  for (const each of document.body.querySelectorAll("*")) {
    const isToClick = style(each).cursor === "pointer" || each.matches(CONTROL);
    if (isToClick && isShown(each) && !each.matches(":disabled") && !isOffered(each)) {
      complain("is for the mouse alone", each);
    }
  }

  row?.click();
  for (const fold of folds) fold.open = false;
  scrollTo(...scrolled);
  before?.focus();
  return wrong;
}
