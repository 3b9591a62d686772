/**
 * Local time in the interpreter: UTC, as on Cloudflare.
 *
 * C asks JavaScript, and Emscripten's functions ask `Date`, which has the time zone of the process, or of a page's user. A
 * replay may run where that is another one.
 */

/** Where C's `struct tm` has what, in words. */
const TM = { sec: 0, min: 1, hour: 2, mday: 3, mon: 4, year: 5, wday: 6, yday: 7, isdst: 8, gmtoff: 9, length: 10 };
const MS_PER_DAY = 86_400_000;
const ZONE = new TextEncoder().encode("UTC\0");

/**
 * Replace the functions of local time among what Pyodide's WebAssembly imports.
 *
 * @param {any} imports of `env`
 * @param {() => ArrayBuffer} memory gives the interpreter's, which moves when it grows
 */
export function useUtc(imports, memory) {
  /** @param {number} pointer */
  const structure = (pointer) => new Int32Array(memory(), pointer, TM.length);
  const replacements = {
    /** @param {bigint} seconds since 1970 @param {number} tm */
    _localtime_js: (seconds, tm) => write(structure(tm), new Date(Number(seconds) * 1000)),
    /** @param {number} tm */
    _mktime_js(tm) {
      const fields = structure(tm);
      const date = read(fields);
      if (Number.isNaN(date.getTime())) return -1n;
      write(fields, date);
      return BigInt(date.getTime() / 1000);
    },
    /** @param {number} timezone @param {number} daylight @param {number} standardName @param {number} summerName */
    _tzset_js(timezone, daylight, standardName, summerName) {
      for (const place of [timezone, daylight]) new Int32Array(memory(), place, 1)[0] = 0;
      for (const place of [standardName, summerName]) new Uint8Array(memory()).set(ZONE, place);
    },
  };
  for (const [name, replacement] of Object.entries(replacements)) if (imports[name]) imports[name] = replacement;
}

/** @param {Int32Array} tm */
function read(tm) {
  const date = new Date(0);
  date.setUTCFullYear(tm[TM.year] + 1900, tm[TM.mon], tm[TM.mday]);
  date.setUTCHours(tm[TM.hour], tm[TM.min], tm[TM.sec]);
  return date;
}

/** @param {Int32Array} tm @param {Date} date */
function write(tm, date) {
  const yearBegan = new Date(date);
  yearBegan.setUTCMonth(0, 1);
  tm[TM.sec] = date.getUTCSeconds();
  tm[TM.min] = date.getUTCMinutes();
  tm[TM.hour] = date.getUTCHours();
  tm[TM.mday] = date.getUTCDate();
  tm[TM.mon] = date.getUTCMonth();
  tm[TM.year] = date.getUTCFullYear() - 1900;
  tm[TM.wday] = date.getUTCDay();
  tm[TM.yday] = Math.round((date.getTime() - yearBegan.getTime()) / MS_PER_DAY);
  tm[TM.isdst] = 0;
  tm[TM.gmtoff] = 0;
}
