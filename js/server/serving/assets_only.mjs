/** The main file of a project that has static assets and no code: a Worker without handlers. */

export default {};
