/*
 * Runs before the modules do, in any browser: the theme, so that nothing flashes, and a sentence where the modules cannot
 * be loaded at all. Not a module itself, for that reason.
 */
(function () {
  let theme = null;
  try {
    theme = localStorage.getItem("stepwell.theme");
  } catch {
    // Without storage the theme follows the system.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  /** @param {string} text */
  function tell(text) {
    const place = document.getElementById("early");
    if (place) place.textContent = text;
  }
  if (!("noModule" in HTMLScriptElement.prototype)) {
    tell("This browser has no JavaScript modules, which the page is made of.");
  }
  window.addEventListener(
    "error",
    function (event) {
      const place = /** @type {HTMLScriptElement | null} */ (event.target);
      if (place && place.tagName === "SCRIPT") tell("A part of the page could not be loaded: " + place.src);
      else if (event.message) tell("The page could not start: " + event.message);
    },
    true,
  );
})();
