/** Addresses within a page: what stands after `#`, as a path and a query. */

/** @param {string[]} path @param {Record<string, string>} [query] empty values are left out */
export function toHash(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const text = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text && `?${text}`}`;
}

/**
 * @param {string} hash as `location.hash` has it
 * @returns {{ path: string[], query: Record<string, string> } | null} null where it is no such address
 */
export function fromHash(hash) {
  if (!hash.startsWith("#/")) return null;
  const [path = "", query = ""] = hash.slice(2).split("?", 2);
  try {
    return {
      path: path === "" ? [] : path.split("/").map(decodeURIComponent),
      query: Object.fromEntries(new URLSearchParams(query)),
    };
  } catch {
    return null;
  }
}
