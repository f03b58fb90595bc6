/** Patterns for the values of labels: `*` stands for any text, `?` for one letter, `!` in front for anything else. */

/** True if `value` is of this pattern. At most as many steps as both lengths multiplied, whatever the pattern. */
export function matchesPattern(pattern: string, value: string): boolean {
  return pattern.startsWith("!") ? !matchesGlob(pattern.slice(1), value) : matchesGlob(pattern, value);
}

/** Walks both texts once; where it goes wrong it lets the last star take one letter more. */
function matchesGlob(pattern: string, value: string): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  for (let here = 0; here < value.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      taken = here;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === value[here])) {
      at++;
      here++;
    } else if (star >= 0) {
      at = star + 1;
      here = ++taken;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
