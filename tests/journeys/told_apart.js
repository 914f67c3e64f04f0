/**
 * With the reader's own colours in place of the page's and less motion asked for: return, in words,
 * what would be told by a background alone that those colours take away, and what would move.
 */
() => {
  const wrong = [];
  const complain = (words, each) =>
    wrong.push(`${words}: ${each.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const isClear = (colour) => /^rgba\(.*, 0\)$|^transparent$/.test(colour);
  const PARTS = [null, "::before", "::after"];

  const ground = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!isClear(colour)) return colour;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const hasLine = (style) => ["Top", "Left", "Bottom", "Right"].some((side) =>
    parseFloat(style[`border${side}Width`]) && style[`border${side}Style`] !== "none")
    || style.outlineStyle !== "none";

  /** Whether a box without words is drawn by its background alone, and so would vanish. */
  const vanishes = (each, part, style) => {
    if (part ? style.content !== '""' : each.childNodes.length || each.matches("input, svg *")) return false;
    if (isClear(style.backgroundColor) || style.display === "none" || hasLine(style)) return false;
    if (parseFloat(style.width) < 1 || parseFloat(style.height) < 1) return false;
    return style.backgroundColor === ground(part ? each : each.parentElement);
  };

  const STATE = "[aria-current], [aria-pressed=true], [aria-selected=true], .is-here, :checked + span";
  const GROUP = "nav, ul, fieldset, [role=listbox], .segments";
  const looks = (each) => PARTS.map((part) => {
    const style = getComputedStyle(each, part);
    if (part && style.content === "none") return "";
    return [style.color, style.backgroundColor, style.textDecorationLine, style.outlineStyle,
      style.borderTopStyle, style.borderTopWidth, style.borderTopColor];
  }).join();

  for (const each of document.querySelectorAll("body *")) {
    if (!each.checkVisibility()) continue;
    for (const part of PARTS) {
      const style = getComputedStyle(each, part);
      if (part && style.content === "none") continue;
      if (!/^0s(, 0s)*$/.test(style.transitionDuration) || style.animationName !== "none") {
        complain("moves", each);
      }
      if (vanishes(each, part, style)) complain(`vanishes${part ?? ""}`, each);
    }
    if (each.matches("progress") && getComputedStyle(each).forcedColorAdjust !== "none") {
      complain("does not show how far it is", each);
    }
    if (each.matches(STATE)) {
      const peer = [...each.closest(GROUP)?.querySelectorAll(each.tagName) ?? []]
        .find((one) => !one.matches(STATE) && one.className === each.className.replace(/ ?is-here/, ""));
      if (peer && looks(peer) === looks(each)) complain("looks as what is not chosen", each);
    }
  }
  return wrong;
}
