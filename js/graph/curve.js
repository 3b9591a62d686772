/** Arrows as paths of SVG. */

/** A smooth line through points. @param {{ x: number, y: number }[]} points */
export function curve([first, ...rest]) {
  if (!first) return "";
  let path = `M${tenths(first.x)} ${tenths(first.y)}`;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    const to = next ? { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 } : point;
    path += next
      ? `Q${tenths(point.x)} ${tenths(point.y)} ${tenths(to.x)} ${tenths(to.y)}`
      : `L${tenths(to.x)} ${tenths(to.y)}`;
  }
  return path;
}

/** A number with one decimal. @param {number} value */
export function tenths(value) {
  return String(Math.round(value * 10) / 10);
}
