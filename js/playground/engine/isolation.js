/**
 * Sharing memory between workers, on a web server that does not send the headers for it: a service worker sends them, from
 * the next load of the page on. That load is made here, once.
 */

const ASKED = "stepwell.isolation";

/** Settles where there is nothing to be done, or nothing that can be. */
export async function isolate() {
  if (globalThis.crossOriginIsolated || !globalThis.isSecureContext || !navigator.serviceWorker) return;
  try {
    const { href } = new URL("../../../../../service_worker.js", import.meta.url);
    const registration = await navigator.serviceWorker.register(href);
    if (sessionStorage.getItem(ASKED) !== null) return;
    await active(registration);
    sessionStorage.setItem(ASKED, "1");
    location.reload();
    await new Promise(() => {});
  } catch {
    // What is missing is said, and the playground does without.
  }
}

/** @param {ServiceWorkerRegistration} registration */
async function active(registration) {
  const worker = registration.installing ?? registration.waiting;
  if (!worker) return;
  await new Promise((resolve) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated" || worker.state === "redundant") resolve(undefined);
    });
  });
}
