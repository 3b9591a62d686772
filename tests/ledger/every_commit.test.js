/** The process dies at every commit, and the write that is under way is lost. `nox -s ledger` runs all tests of the engine like that. */

process.env.STEPWELL_TEST_LEDGER ??= "lost";
await import("../engine/every_commit.test.js");
