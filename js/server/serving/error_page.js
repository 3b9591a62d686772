/** The page that a browser shows in development when a handler raises. */

/**
 * @param {{ name: string, message: string, traceback?: string | undefined }} error
 * @param {{ method: string, url: string }} request
 */
export function errorPage({ name, message, traceback }, { method, url }) {
  const { pathname, search } = new URL(url);
  const title = escape(`${name}: ${message}`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
  h1 { font-size: 1.25rem; overflow-wrap: anywhere; }
  pre { border: 1px solid; border-radius: 4px; font: 14px/1.5 ui-monospace, monospace; overflow: auto; padding: 1rem; }
</style>
<h1>${title}</h1>
<p>The handler of <code>${escape(`${method} ${pathname}${search}`)}</code> raised this error.</p>
<pre>${escape(traceback ?? message)}</pre>
</html>
`;
}

/** @param {string} text */
function escape(text) {
  const names = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" });
  return text.replaceAll(/[&<>"]/g, (character) => names[character]);
}
