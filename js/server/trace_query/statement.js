/** Whether a statement is one that reads, and only one. SQLite itself refuses to write besides. */

const COMMENTS_AND_QUOTES = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]/g;

/** @param {string} sql @returns {string | undefined} what is wrong with it */
export function statementProblem(sql) {
  const bare = sql.replaceAll(COMMENTS_AND_QUOTES, (part) => (/^['"`[]/.test(part) ? '""' : " ")).trim();
  const [statement, ...rest] = bare.split(";");
  if (rest.some((more) => more.trim() !== "")) return "Only a single statement is allowed";
  if (!/^(select|with)\b/i.test(statement)) return "Only read-only SELECT/WITH queries are allowed";
  return undefined;
}
