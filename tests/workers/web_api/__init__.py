"""What `web_api.test.js` runs in a guest: each coroutine function is one test, which gets the URL of a server."""

from inspect import iscoroutinefunction

from . import bodies, fetches, rpc, surroundings

TESTS = {
    name: function
    for module in (fetches, bodies, rpc, surroundings)
    for name, function in vars(module).items()
    if iscoroutinefunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
}
